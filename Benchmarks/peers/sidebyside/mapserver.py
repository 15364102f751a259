"""The origin of the part "workload": the MapServer that `mapedge demo` starts, from its recipes."""

import os
import re
import signal
import subprocess
import time

from .machine import HERE, BenchmarkError, Program, family, free_port, processor_time

RECIPES = os.path.join(HERE, "..", "..", "conf", "demo")
DATA = os.path.join(HERE, "..", "..", "demo-data")  # where `make run` keeps it, too

# Further paths a GeoServer has: the global service, GeoWebCache's, and a layer's own.
FURTHER_PATHS = r"""url.rewrite-once = (
    "(?i)^/geoserver/(?:gwc/service/)?wms\?(.*?)LAYERS=(base|geonode)(?::|%3A)([a-z]+)(.*)$"
        => "/mapserv?map=$2&$1LAYERS=$3$4",
    "^/geoserver/(base|geonode)/[a-z]+/wms\?(.*)$" => "/mapserv?map=$1&$2","""


class MapServer:
    """MapServer behind lighttpd, two processes, which counts the maps it was asked for."""

    def __init__(self, bench):
        self.directory = os.path.join(bench.directory, "maps")
        os.makedirs(self.directory)
        self.port = free_port()
        build_data()
        for name in ("base.map", "geonode.map", "common.inc", "mapserver.conf"):
            self._fill(name)
        configuration = self._fill("lighttpd.conf", "url.rewrite-once = (", FURTHER_PATHS)
        self.log = os.path.join(self.directory, "maps-1-access.log")
        self.program = Program(["/usr/sbin/lighttpd", "-D", "-f", configuration], bench.load_core,
                               self.directory, "lighttpd")
        bench.running.callback(self.program.stop)
        self.program.wait_for_port(self.port)

    def _fill(self, name, mark=None, instead=None):
        with open(os.path.join(RECIPES, name)) as file:
            text = file.read()
        if mark is not None:
            if mark not in text:
                raise BenchmarkError(f"{name} has changed: it lacks \"{mark}\"")
            text = text.replace(mark, instead)
        values = {"RUN": self.directory, "DATA": DATA, "PORT": self.port, "NUMBER": 1,
                  "EDGE": self.url}
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), text))
        return path

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def maps(self):
        """How many maps were asked for so far."""
        self.program.process.send_signal(signal.SIGHUP)  # writes its log, and opens it anew
        last = -1
        while True:
            with open(self.log, "rb") as file:
                count = sum(b"equest=getmap" in line.lower() for line in file)
            if count == last:
                return count
            last = count
            time.sleep(0.05)

    def processor_time(self):
        """Microseconds spent so far."""
        return sum(processor_time(family(self.program.pid)))


def build_data():
    for needed in ("/usr/sbin/lighttpd", "/usr/bin/mapserv", "/usr/bin/ogr2ogr"):
        if not os.access(needed, os.X_OK):
            raise BenchmarkError(f"{needed} is missing; conf/install-packages.sh workload")
    done = subprocess.run([os.path.join(RECIPES, "build-data.sh"), DATA], capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise BenchmarkError(f"no map data: {done.stderr.strip()}")
