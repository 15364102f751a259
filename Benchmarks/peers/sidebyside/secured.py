"""The edge and nginx with a TLS listener: one certificate, one version, one cipher."""

import json
import os
import subprocess

from .machine import BenchmarkError
from .servers import MapEdge, Nginx, TunedNginx

SUITE = "TLS_AES_128_GCM_SHA256"
CERTIFICATES = {"ecdsa": ("ECDSA P-256", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
                "rsa": ("RSA 2048", ["-newkey", "rsa:2048"])}

# What `openssl s_client -brief` tells of a connection, by the words it has for it. Versions from
# 3.2 on call the group differently.
AGREED = ("Protocol version", "Ciphersuite", "Hash used", "Signature type", "Server Temp Key",
          "Peer Temp Key", "Negotiated TLS1.3 group")


def make_certificate(kind, directory):
    """(certificate, key), as files, of localhost and 127.0.0.1, signed by itself."""
    chain, key = (os.path.join(directory, f"{kind}.{part}.pem") for part in ("chain", "key"))
    _openssl(["req", "-x509", "-nodes", "-days", "2", *CERTIFICATES[kind][1], "-keyout", key,
              "-out", chain, "-subj", "/CN=localhost",
              "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
    return chain, key


class Secured:
    """Before the class of a server: it speaks TLS 1.3 with `certificate`, and one cipher only."""

    scheme = "https"
    certificate = ("", "")

    @property
    def authority(self):
        return self.certificate[0]


class SecuredMapEdge(Secured, MapEdge):
    def listening(self):
        chain, key = map(json.dumps, self.certificate)  # strings of JSON are strings of YAML
        path = os.path.join(self.directory, "mapedge.yaml")
        with open(path, "w") as file:
            file.write(f'listen: [{{ address: "127.0.0.1:{self.port}", tls: true }}]\n'
                       "tls:\n"
                       f"  certificates: [{{ chain: {chain}, key: {key} }}]\n"
                       '  minimum: "1.3"\n'
                       f"  cipherSuites: {SUITE}\n")
        return ["--config", path]


class SecuredNginx(Secured, Nginx):
    listen_words = "ssl "

    def listening(self):
        chain, key = self.certificate
        return (f'ssl_certificate "{chain}"; ssl_certificate_key "{key}"; ssl_protocols TLSv1.3; '
                f"ssl_conf_command Ciphersuites {SUITE};")


class SecuredTunedNginx(SecuredNginx, TunedNginx):
    name = TunedNginx.name


KINDS = {kind.name: kind for kind in (SecuredMapEdge, SecuredNginx, SecuredTunedNginx)}


def agreed(server):
    """What a viewer without wishes of its own agrees on with the server."""
    text = _openssl(["s_client", "-brief", "-connect", f"127.0.0.1:{server.port}",
                     "-servername", "localhost", "-verify_return_error", "-CAfile",
                     server.authority])
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs if name in AGREED}


def check_agreed(servers):
    """Sees that all agree on the same, and on what the comparison is about; returns it."""
    found = {name: agreed(server) for name, server in servers.items()}
    for name, terms in found.items():
        wanted = {"Protocol version": "TLSv1.3", "Ciphersuite": SUITE}
        if terms | wanted != terms:
            raise BenchmarkError(f"{name} agrees on {terms}, not on {wanted}")
        if terms != next(iter(found.values())):
            raise BenchmarkError(f"the servers do not agree on the same: {found}")
    return next(iter(found.values()), {})


def _openssl(arguments):
    try:
        done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, timeout=60,
                              capture_output=True, text=True)
    except FileNotFoundError as error:
        raise BenchmarkError("openssl is missing; install it: apt-get install openssl") from error
    if done.returncode != 0:
        raise BenchmarkError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout + done.stderr
