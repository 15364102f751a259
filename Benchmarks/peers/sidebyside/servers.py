"""The servers side by side: how each is configured, started and asked whether it serves hits."""

import getpass
import os
import re
import shutil
import socket
import subprocess
import threading

from .machine import (HERE, BenchmarkError, Program, build, family, free_port, memory,
                      processor_time, wait_until_quiet)


def fill_template(name, directory, **values):
    """Writes conf/NAME with each @WORD@ replaced; returns the path of the result."""
    with open(os.path.join(HERE, "conf", name)) as file:
        text = re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), file.read())
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    return path


class LogSink:
    """Writes to a file what comes over TCP, on the harness's core."""

    def __init__(self, path):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.path = path
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with open(self.path, "ab", buffering=0) as file:
            while True:
                connection, _ = self.listener.accept()
                while data := connection.recv(1 << 20):
                    file.write(data)


class Server:
    """One server under test. `directory` holds all it writes: configuration, cache and log."""

    name = ""
    needs = ""
    caches = True
    spelling = "tms"  # one of workload.SPELLINGS
    scheme = "http"
    authority = None  # a file with the certificate that must sign the server's; None: no TLS

    def __init__(self, directory, core, origin_port, cache_bytes):
        self.directory = os.path.join(directory, self.name)
        os.makedirs(self.directory, exist_ok=True)
        self.core = core
        self.origin_port = origin_port
        self.cache_bytes = cache_bytes
        self.port = 0
        self.programs = []
        self.access_log = os.path.join(self.directory, "access.log")

    @classmethod
    def locate(cls):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
        found = shutil.which(cls.needs, path=path)
        if found is None:
            raise BenchmarkError(f"{cls.needs} is missing; install it: apt-get install "
                                 f"{cls.needs.removesuffix('d')}")
        return found

    def start(self, port=None):
        """On a free port, unless the former one is wanted: Host is part of the key."""
        self.port = port or free_port()
        self.programs = [self.launch(*self.command())]
        self.programs[0].wait_for_port(self.port)
        self.after_start()

    def command(self):
        """(arguments, environment) of the server's main program."""
        raise NotImplementedError

    def after_start(self):
        """Starts what belongs to the server beside its main program."""

    def launch(self, command, env=None, name=None):
        return Program(command, self.core, self.directory, name or self.name, env)

    def stop(self):
        for program in reversed(self.programs):
            program.stop()
        self.programs = []

    def pids(self):
        """All processes of the server; raises if one of its programs has ended."""
        for program in self.programs:
            if program.process.poll() is not None:
                raise BenchmarkError(f"{program.name} has ended: {program.last_words()}")
        return [pid for program in self.programs for pid in family(program.pid)]

    def processor_time(self):
        return processor_time(self.pids())

    def bare_processor_time(self):
        """The same without a program that only writes the log, for whoever needs one."""
        return self.processor_time()

    def forget_log(self):
        """Empties the access log, so that disks do not fill up and nothing is left to write back
        while the next server is measured. All of them append."""
        if os.path.exists(self.access_log):
            os.truncate(self.access_log, 0)

    def log_lines(self):
        """Lines in the access log now."""
        count = 0
        if os.path.exists(self.access_log):
            with open(self.access_log, "rb") as file:
                while block := file.read(1 << 20):
                    count += block.count(b"\n")
        return count

    def wait_until_quiet(self):
        wait_until_quiet(self.pids())

    def memory(self):
        return memory(self.pids())

    @staticmethod
    def is_hit(fields):
        """Whether the response's fields (names in lower case) say it came from the cache."""
        return fields.get("x-cache", "").lower().startswith("hit")


class MapEdge(Server):
    name = "mapedge"
    binary = os.path.join(HERE, "..", "..", ".build", "release", "mapedge")
    environment = None
    admin_port = 0

    def command(self):
        if not os.access(self.binary, os.X_OK):
            raise BenchmarkError(f"no {self.binary}; build it: make build")
        self.admin_port = free_port()
        return [os.path.abspath(self.binary), "serve", *self.listening(),
                "--admin", f"127.0.0.1:{self.admin_port}",
                "--cache", os.path.join(self.directory, "cache"),
                "--cache-size", str(self.cache_bytes), "--loops", "1",
                "--access-log", self.access_log, *self.rules()], self.environment

    def listening(self):
        return ["--listen", f"127.0.0.1:{self.port}"]

    def rules(self):
        return ["--origin", f"http://127.0.0.1:{self.origin_port}", "--mode", "rfc9111"]


class PlayingMapEdge(MapEdge):
    """The edge that looks for viewers who step through TIME."""

    name = "mapedge-playback"

    def rules(self):
        path = os.path.join(self.directory, "playback.yaml")
        with open(path, "w") as file:
            file.write(f"mode: rfc9111\norigins:\n  default:\n    members:"
                       f" [http://127.0.0.1:{self.origin_port}]\nbehaviors:\n"
                       '  - { path: "*", class: tiles, playback: { frames: 8 } }\n')
        return ["--config", path]


class DistributedMapEdge(MapEdge):
    """The edge with MapStory's own distribution, and a thousand invalidations in force."""

    name = "mapedge-distribution"
    identifier = "EBENCHMARK0000"
    role = "twin"
    conf = os.path.join(HERE, "..", "..", "conf")

    def rules(self):
        with open(os.path.join(self.conf, "distribution.json")) as file:
            # The load generator speaks no TLS.
            text = file.read().replace("redirect-to-https", "allow-all")
        path = os.path.join(self.directory, "distribution.json")
        with open(path, "w") as file:
            file.write(text)
        origins = [word for name in ("pages", "geoserver")
                   for word in ("--origin", f"{name}=http://127.0.0.1:{self.origin_port}")]
        return ["--distribution", path, "--policies", os.path.join(self.conf, "policies"),
                "--distribution-id", self.identifier, "--role", self.role, *origins]

    def invalidate(self, count=1_000):
        """So many paths in one batch, fifteen of which end in a star; none is a tile's."""
        paths = [f"/story/{number}{'*' if number < 15 else ''}" for number in range(count)]
        subprocess.run([os.path.abspath(self.binary), "invalidate", "--admin",
                        f"127.0.0.1:{self.admin_port}", *paths], check=True,
                       stdout=subprocess.DEVNULL)
        self.wait_until_quiet()  # The sweeper looks once through all that is stored.


class Nginx(Server):
    """nginx as its documentation sets up proxy_cache, with sendfile and a buffered log."""

    name = "nginx"
    needs = "nginx"
    open_files = ""
    listen_words = ""  # of its directive "listen", with a space behind

    def listening(self):
        """Directives of the server beside its address."""
        return ""

    def command(self):
        user = "user root root;" if getpass.getuser() == "root" else ""
        path = fill_template(
            "nginx.conf", self.directory, DIR=self.directory, PORT=self.port, USER=user,
            CACHE=os.path.join(self.directory, "cache"), BYTES=self.cache_bytes,
            ORIGIN=self.origin_port, OPENFILES=self.open_files, WORDS=self.listen_words,
            LISTENING=self.listening())
        return [self.locate(), "-e", os.path.join(self.directory, "nginx-error.log"),
                "-c", path], None


class TunedNginx(Nginx):
    """nginx that keeps its cache's files open, which saves it three system calls a hit."""

    name = "nginx-open-files"
    open_files = "open_file_cache max=8000 inactive=1h; open_file_cache_valid 1h;"


class HAProxy(Server):
    """HAProxy writes no log files. Its cheapest way to one is a ring buffer that it empties, many
    lines at a time, into a TCP connection; a thread of this program writes the file."""

    name = "haproxy"
    needs = "haproxy"

    def command(self):
        self.sink = LogSink(self.access_log)
        path = fill_template(
            "haproxy.cfg", self.directory, PORT=self.port, ORIGIN=self.origin_port,
            MEGABYTES=min(self.cache_bytes >> 20, 4_095), LOG=self.sink.port)
        return [self.locate(), "-db", "-f", path], None


class Varnish(Server):
    name = "varnish"
    needs = "varnishd"

    def command(self):
        path = fill_template("varnish.vcl", self.directory, ORIGIN=self.origin_port)
        return [self.locate(), "-F", "-j", "none", "-n", os.path.join(self.directory, "work"),
                "-a", f"127.0.0.1:{self.port}", "-f", path, "-s", f"malloc,{self.cache_bytes}",
                "-p", "thread_pools=1", "-p", "thread_pool_min=100",
                "-p", "thread_pool_max=1000",
                "-p", "timeout_idle=3600", "-p", "ban_lurker_sleep=0"], None

    def after_start(self):
        """Varnish itself logs to shared memory; the file is written by varnishncsa."""
        program = shutil.which("varnishncsa")
        if program is None:
            raise BenchmarkError("varnishncsa is missing; install it: apt-get install varnish")
        line = ('{"time":"%t","viewer":"%h","method":"%m","target":"%U%q","status":%s,"bytes":%O,'
                '"microseconds":%D,"result":"%{Varnish:hitmiss}x","agent":"%{User-agent}i"}')
        self.programs.append(self.launch(
            [program, "-n", os.path.join(self.directory, "work"), "-F", line, "-a", "-w",
             self.access_log], name="varnishncsa"))

    def bare_processor_time(self):
        """varnishd's own, without the program that writes the log's file."""
        return processor_time(family(self.programs[0].pid))


class Floor(Server):
    """Constant bytes from the smallest loop; asks no origin and has no cache."""

    name = "floor"
    caches = False
    sizes = ""

    def command(self):
        return [build("floor", self.directory), str(self.port), self.sizes], None


class Origin(Server):
    """The origin all fill from; it has the load generator's core, not the servers'."""

    name = "origin"
    mix = ""

    def command(self):
        return [build("origin", self.directory), str(self.port), self.mix], None


ALL = {kind.name: kind for kind in (MapEdge, Nginx, TunedNginx, HAProxy, Varnish, Floor)}
