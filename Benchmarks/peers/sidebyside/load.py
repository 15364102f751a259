"""Load: wrk for the most a server can do, and plain connections for filling and checking."""

import http.client
import json
import os
import shutil
import ssl
import subprocess

from .machine import HERE, BenchmarkError
from .workload import SPELLINGS

CONNECTIONS = 64
# What keys.lua and pace.c say they take: it is part of a key where answers may be compressed.
ENCODINGS = {"Accept-Encoding": "gzip, deflate"}


def run_tool(command, core, seconds):
    tool = shutil.which(command[0])
    if tool is None:
        raise BenchmarkError(f"{command[0]} is missing; install it: apt-get install {command[0]}")
    done = subprocess.run(["taskset", "-c", str(core), tool, *command[1:]], capture_output=True,
                          text=True, timeout=seconds + 120)
    if done.returncode != 0:
        raise BenchmarkError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def wrk(server, core, seconds, arguments, connections=CONNECTIONS, strict=True):
    """Asks as fast as answers come, for `seconds` or until the script ends. Returns what wrk
    counted; an answer that is not 2xx or a broken connection is an error, not a figure, unless
    they are what is to be counted."""
    text = run_tool(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
         "-s", os.path.join(HERE, "keys.lua"), f"{server.scheme}://127.0.0.1:{server.port}/", "--",
         *map(str, arguments)], core, seconds)
    lines = [line for line in text.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise BenchmarkError(f"wrk gave no result:\n{text}")
    result = json.loads(lines[0].removeprefix("RESULT "))
    if strict and (result["requests"] == 0 or result["status_errors"] or result["socket_errors"]):
        raise BenchmarkError(f"wrk met errors at {server.name}: {result}")
    return result


class Client:
    """One keep-alive connection; with the file of an `authority`, by TLS."""

    def __init__(self, port, authority=None):
        if authority is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        else:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=20,
                context=ssl.create_default_context(cafile=authority))

    def get(self, path, **fields):
        """(status, fields with names in lower case, body)."""
        self.connection.request("GET", path, headers={**ENCODINGS, **fields})
        response = self.connection.getresponse()
        body = response.read()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def origin_requests(port):
    """How many tiles the origin was asked for so far."""
    with Client(port) as client:
        return int(client.get("/requests")[2])


def fill_and_check(server, origin_port, layer, keys):
    """Asks for every tile until the cache has it, then proves it: each answer has the origin's very
    bytes and says it is a hit. Raises with the first that is wrong."""
    path_of = SPELLINGS[server.spelling]
    numbers = keys if not isinstance(keys, int) else range(keys)
    with Client(server.port, server.authority) as viewer, Client(origin_port) as origin:
        for number in numbers:
            path = path_of(layer, number)
            status, fields, body = viewer.get(path)
            if status != 200 or body != origin.get(path)[2]:
                raise BenchmarkError(f"{server.name} answers {status} with other bytes: {path}")
        server.wait_until_quiet()
        before = origin_requests(origin_port)
        for number in numbers:
            status, fields, body = viewer.get(path_of(layer, number))
            if status != 200 or not server.is_hit(fields):
                raise BenchmarkError(f"{server.name} serves no hit for {path_of(layer, number)}: "
                                     f"{status}, X-Cache: {fields.get('x-cache')}")
        if origin_requests(origin_port) != before:
            raise BenchmarkError(f"{server.name} says hit and asks the origin")
