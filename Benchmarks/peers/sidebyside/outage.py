"""What viewers notice of a pool in trouble: one of two members killed, restarted, hung and resumed
under load; both dead, for tiles and for pages; a thousand viewers who want one tile that nobody
has."""

import json
import os
import random
import signal
import socket
import threading
import time
import urllib.request

from . import load
from .machine import BenchmarkError
from .servers import MapEdge, Origin
from .workload import layer_of, path_of

SIZE = "10k"
TILES = 1_000
PAGES = 1_000
COLD_PAGES = 200
CROWD = 1_000
PERIOD = 4.0  # seconds between two events
FIRST_BYTE = 1_000  # milliseconds that the pool has for an answer
SLACK = 100  # milliseconds that the edge has beside it
CONFIGURATION = """\
listen: ["127.0.0.1:{port}"]
admin: "127.0.0.1:{admin}"
mode: cloudfront
clock: manual
loops: 1
cache: {{ directory: "{cache}", size: 2GiB }}
accessLog: {{ path: "{log}" }}
origins:
  maps:
    members: [{members}]
    firstByteTimeout: {first_byte}ms
    totalTimeout: 0
    health:
      path: /requests
      interval: 500ms
      timeout: 400ms
      fall: 2
      slowStart: 2s
behaviors:
  - {{ path: "/pages/*", origin: maps, class: pages }}
  - {{ path: "*", origin: maps, class: tiles }}
"""


class PooledEdge(MapEdge):
    """The edge in front of two members; its clock is told the time."""

    name = "mapedge-pool"
    members = ()

    def configuration(self):
        """The file's template, and what it has beside what every pool has."""
        return CONFIGURATION, {"first_byte": FIRST_BYTE}

    def rules(self):
        path = os.path.join(self.directory, "mapedge.yaml")
        template, values = self.configuration()
        with open(path, "w") as file:
            file.write(template.format(
                port=self.port, admin=self.admin_port, log=self.access_log,
                cache=os.path.join(self.directory, "cache"),
                members=", ".join(f'"http://127.0.0.1:{member.port}"' for member in self.members),
                **values))
        return ["--config", path]

    def command(self):
        words, environment = super().command()
        # All else is in the file.
        return [words[0], "serve", *words[words.index("--config"):]], environment

    def ask(self, path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin_port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def states(self):
        return [member["state"] for member in
                json.loads(self.ask("/status"))["origins"][0]["members"]]


class Witness:
    """Looks at the members' states all the time, and says when one changed."""

    def __init__(self, edge):
        self.edge = edge
        self.seen = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self):
        while not self.over.wait(0.01):
            self.seen.append((time.monotonic(), self.edge.states()))

    def stop(self):
        self.over.set()
        self.thread.join()

    def seconds_until(self, start, member, wanted):
        """From `start` until the member's state is one that is wanted; None: never."""
        for moment, states in self.seen:
            if moment >= start and wanted(states[member]):
                return moment - start
        return None


def measure(bench):
    """All three parts, each with a pool of its own."""
    result = {}
    for name, part in (("trouble", _trouble), ("dead", _dead), ("crowd", _crowd)):
        bench.say(f"outage: {name}")
        result[name] = _with_pool(bench, part)
    return result


def _with_pool(bench, part):
    members = [bench.start(Origin(os.path.join(bench.directory, f"member{number}"),
                                  bench.load_core, 0, 0)) for number in range(2)]
    PooledEdge.members = members
    try:
        with bench.servers(["mapedge-pool"], SIZE, kinds={"mapedge-pool": PooledEdge}) as servers:
            if not servers:
                raise BenchmarkError("the edge did not start")
            return part(bench, servers["mapedge-pool"], members)
    finally:
        for member in members:
            member.stop()


def _trouble(bench, edge, members):
    """New tiles, which members have to make, and a client that asks for heads of stored ones and of
    new ones."""
    load.fill_and_check(edge, members[0].port, layer_of(SIZE), 100)
    counted = {}
    loader = threading.Thread(target=lambda: counted.update(load.wrk(
        edge, bench.load_core, int(5 * PERIOD), [layer_of(SIZE), "unique", 1_000_000],
        strict=False)))
    heads = _HeadClient(edge.port)
    witness = Witness(edge)
    loader.start()
    second, events = members[1], {}
    for name, act in (
            ("killed", lambda: second.programs[0].process.kill()),
            ("restarted", lambda: second.start(second.port)),
            ("hung", lambda: second.programs[0].process.send_signal(signal.SIGSTOP)),
            ("resumed", lambda: second.programs[0].process.send_signal(signal.SIGCONT))):
        time.sleep(PERIOD)
        if name in ("killed", "hung") and edge.states()[1] not in ("up", "slow-start"):
            raise BenchmarkError(f"the member is out before it is {name}")
        events[name] = time.monotonic()
        act()
    loader.join()
    witness.stop()
    out, back = (lambda state: state not in ("up", "slow-start"), lambda state: state == "up")
    return {
        "requests": counted["requests"], "failed": counted["status_errors"]
        + counted["socket_errors"], "heads": heads.stop(), "new_heads": heads.new,
        "heads_failed": heads.failed,
        "out_after_kill_seconds": witness.seconds_until(events["killed"], 1, out),
        "full_share_after_restart_seconds": witness.seconds_until(events["restarted"], 1, back),
        "out_after_hang_seconds": witness.seconds_until(events["hung"], 1, out),
        "p99_us": counted["p99_us"]}


class _HeadClient:
    """Asks for heads, one after the other: of a stored tile, and of one that nobody asked for yet,
    which a member has to answer."""

    def __init__(self, port):
        self.port, self.count, self.new, self.failed = port, 0, 0, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        chance = random.Random(1)
        while not self.over.wait(0.002):
            is_new = self.count % 2 == 1
            # Beyond all that wrk comes to.
            number = 9_000_000 + self.count if is_new else chance.randrange(100)
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}" + path_of(layer_of(SIZE), number), method="HEAD",
                headers=load.ENCODINGS)
            self.count += 1
            self.new += is_new
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    told = answer.headers["X-Cache"].lower()
                    self.failed += not told.startswith("miss" if is_new else "hit")
            except OSError:
                self.failed += 1

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.count


def _page(number):
    return f"/pages/{number}.html"


def _fill_pages(edge):
    with load.Client(edge.port) as viewer:
        for number in range(PAGES):
            status, _, body = viewer.get(_page(number))
            if status != 200 or not body:
                raise BenchmarkError(f"{edge.name} answers {status} for {_page(number)}")
        edge.wait_until_quiet()
        for number in range(PAGES):
            if not edge.is_hit(viewer.get(_page(number))[1]):
                raise BenchmarkError(f"{edge.name} serves no hit for {_page(number)}")


def _dead(bench, edge, members):
    """A warm cache that is stale, and nobody who could better it: stored tiles and pages, and new
    ones."""
    load.fill_and_check(edge, members[0].port, layer_of(SIZE), TILES)
    _fill_pages(edge)
    edge.ask("/clock/advance?by=48h", method="POST")
    for member in members:
        member.stop()

    def is_image(fields, body):
        return fields.get("content-type") == "image/png" and body.startswith(b"\x89PNG")

    def is_page(fields, body):
        return fields.get("content-type", "").startswith("text/html") and body

    rows = {}
    with load.Client(edge.port) as viewer:
        for name, path, first, count, fits in (
                ("stored tiles", lambda n: path_of(layer_of(SIZE), n), 0, TILES, is_image),
                ("new tiles", lambda n: path_of(layer_of(SIZE), n), 5_000_000, TILES, is_image),
                ("stored pages", _page, 0, PAGES, is_page),
                ("new pages", _page, 5_000_000, COLD_PAGES, is_page)):
            row = rows[name] = {"asked": count, "statuses": [], "unfit": 0, "late": 0,
                                "slowest_ms": 0.0}
            for number in range(first, first + count):
                start = time.monotonic()
                status, fields, body = viewer.get(path(number), Accept="text/html, image/*")
                elapsed = 1e3 * (time.monotonic() - start)
                row["slowest_ms"] = max(row["slowest_ms"], elapsed)
                row["late"] += elapsed > FIRST_BYTE + SLACK
                # What is new is the edge's own.
                row["unfit"] += not fits(fields, body) or (
                    name.startswith("new") and "x-edge-degraded" not in fields)
                if status not in row["statuses"]:
                    row["statuses"].append(status)
    return {"deadline_ms": FIRST_BYTE + SLACK, "rows": rows}


def _crowd(bench, edge, members):
    """All at once, on connections of their own."""
    before = sum(load.origin_requests(member.port) for member in members)
    request = (f"GET {path_of(layer_of(SIZE), 77)} HTTP/1.1\r\nHost: edge\r\n"
               "Connection: close\r\n\r\n").encode()
    viewers = [socket.create_connection(("127.0.0.1", edge.port)) for _ in range(CROWD)]
    # All have asked before anybody has an answer, else most would be hits.
    for member in members:
        member.programs[0].process.send_signal(signal.SIGSTOP)
    for viewer in viewers:
        viewer.sendall(request)
    for member in members:
        member.programs[0].process.send_signal(signal.SIGCONT)
    good = 0
    for viewer in viewers:
        with viewer, viewer.makefile("rb") as file:
            good += file.read().startswith(b"HTTP/1.1 200 ")
    asked = sum(load.origin_requests(member.port) for member in members) - before
    return {"viewers": CROWD, "served": good, "origin_requests": asked}
