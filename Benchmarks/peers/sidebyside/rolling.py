"""Configuration writes to a cluster of three GeoServers under load: the followers are reloaded one
after the other, and no map may fail or be older than a write that was answered before it was asked
for. The GeoServers are the tests' stand-ins, of which each has a catalog of its own."""

import http.client
import json
import os
import sys
import threading
import time

from .machine import HERE, BenchmarkError, Program, free_port
from .outage import PooledEdge

STAND_IN = os.path.join(HERE, "..", "..", "Tests", "StandIns", "GeoServer")
FOLLOWERS = 2
WRITES = 8
VIEWERS = 8
LOGIN = "Basic YWRtaW46Z2Vvc2VydmVy"  # admin, geoserver: what every stand-in takes
CONFIGURATION = """\
listen: ["127.0.0.1:{port}"]
admin: "127.0.0.1:{admin}"
loops: 1
cache: {{ directory: "{cache}", size: 1GiB }}
accessLog: {{ path: "{log}" }}
origins:
  maps:
    members: [{members}]
    cluster:
      leader: "{leader}"
      credentials: "{secret}"
behaviors:
  - {{ path: "*", origin: maps, class: tiles }}
"""


class StandIn:
    """One GeoServer of the cluster that shares `data`."""

    def __init__(self, bench, name):
        self.port = free_port()
        self.program = Program(
            [sys.executable, STAND_IN, "--data", os.path.join(bench.directory, "geoserver"),
             "--port", str(self.port), "--name", name, "--sample"],
            bench.load_core, bench.directory, name)
        bench.running.callback(self.program.stop)
        self.program.wait_for_port(self.port)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def state(self):
        """What a map of the layer shows now, in words."""
        return json.loads(ask(self.port, "GET", "/stand-in/colour?layers=geonode:roads&styles=")
                          [2])["state"]


class ClusterEdge(PooledEdge):
    name = "mapedge-cluster"

    def configuration(self):
        secret = os.path.join(self.directory, "credentials")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("admin:geoserver\n")
        return CONFIGURATION, {"leader": self.members[0].url, "secret": secret}

    def cluster_states(self):
        status = json.loads(self.ask("/status"))
        return [member["state"] for member in status["clusters"][0]["members"]]

    def wait_until_in_step(self, seconds=60):
        end = time.monotonic() + seconds
        while set(self.cluster_states()) != {"in-step"}:
            if time.monotonic() > end:
                raise BenchmarkError(f"the cluster is not in step: {self.cluster_states()}")
            time.sleep(0.01)


def ask(port, method, path, body=None, fields=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, fields or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


class Viewer(threading.Thread):
    """Asks for maps that nobody asked for before, and notes what each shows."""

    def __init__(self, number, port, states, over):
        super().__init__()
        self.number, self.port, self.states, self.over = number, port, states, over
        self.seen = []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        count = 0
        while not self.over.is_set():
            count += 1
            least = len(self.states) - 1
            path = ("/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=geonode:roads"
                    "&STYLES=&SRS=EPSG:4326&BBOX=-90,0,0,90&WIDTH=256&HEIGHT=256&FORMAT=image/png"
                    f"&env=n:{self.number}x{count}")
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                response.read()
                self.seen.append((least, response.status, response.getheader("X-Stand-In-State")))
            except (OSError, http.client.HTTPException):
                self.seen.append((least, 0, None))
                connection.close()


def measure(bench):
    cluster = [StandIn(bench, name) for name in
               ("leader", *(f"follower{number + 1}" for number in range(FOLLOWERS)))]
    ClusterEdge.members = cluster
    with bench.servers(["mapedge-cluster"], kinds={"mapedge-cluster": ClusterEdge}) as servers:
        if not servers:
            raise BenchmarkError("the edge did not start")
        edge = servers["mapedge-cluster"]
        edge.wait_until_in_step()
        return _roll(edge, cluster)


def _roll(edge, cluster):
    states, over = [cluster[0].state()], threading.Event()
    viewers = [Viewer(number, edge.port, states, over) for number in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    times = []
    try:
        for number in range(WRITES):
            start = time.monotonic()
            status, _, _ = ask(
                edge.port, "PUT", "/geoserver/rest/styles/roads",
                f"<StyledLayerDescriptor>{number}</StyledLayerDescriptor>",
                {"Authorization": LOGIN, "Content-Type": "application/vnd.ogc.sld+xml"})
            if status != 200:
                raise BenchmarkError(f"a write was answered with {status}")
            states.append(cluster[0].state())
            edge.wait_until_in_step()
            times.append(time.monotonic() - start)
    finally:
        over.set()
        for viewer in viewers:
            viewer.join()
    place = {state: number for number, state in enumerate(states)}
    seen = [row for viewer in viewers for row in viewer.seen]
    return {"requests": len(seen), "writes": WRITES, "members": len(cluster),
            "failed": sum(status != 200 for _, status, _ in seen),
            "older": sum(status == 200 and place.get(state, len(states)) < least
                         for least, status, state in seen),
            "unknown": sum(status == 200 and state not in place for _, status, state in seen),
            "slowest_until_in_step_seconds": max(times)}
