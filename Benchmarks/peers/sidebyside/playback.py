"""Viewers who pan, zoom and play, in many dialects: what is answered without MapServer, what a hit
costs and how long it takes. The edge, nginx keyed by raw URLs, MapProxy and MapCache."""

import json
import os
import random
import statistics

from . import dialects, load, stepping, trace
from .bench import medians, paired_ratio, rotate
from .machine import BenchmarkError, Strangers, build
from .mapserver import MapServer
from .replay import Reloads, Replay, differences, fetch, interpreter
from .tilecaches import KINDS, TileCache
from .workload import write_lines

SAMPLE = 40  # tiles that are asked for in every dialect
FIRST_ASKED = "composer"  # the dialect that has them stored: one that GeoWebCache would keep
ALIKE = 2.0  # of 255: eight bits for each pixel (MapProxy), edges of symbols (metatiles)
CONNECTIONS = 16
HIT_TARGETS = 3_000
SPOKEN = "mapedge, dialects"  # the edge asked in dialects, beside itself asked in one spelling


def measure(bench, viewers, rounds, seconds):
    TileCache.origin = MapServer(bench)
    requests = trace.make(viewers)
    tiles = {request.tile for request in requests}
    bench.say(f"workload: {viewers} viewers, {len(requests)} requests, {len(tiles)} tiles")
    if interpreter() is None:
        bench.failures.append("pictures were not compared; conf/install-packages.sh workload")
    half = len(requests) // 2
    result = {"viewers": viewers, "requests": len(requests), "tiles": len(tiles),
              "counted": len(requests) - half,
              "new_tiles": len({request.tile for request in requests[half:]}
                               - {request.tile for request in requests[:half]}),
              "geowebcache_renders": geowebcache_renders(requests, half)}
    with bench.servers(KINDS, kinds=KINDS) as servers:
        result["spellings"] = _each(bench, servers, lambda server: _spellings(server, requests))
        names = list(servers)
    with bench.servers(names, kinds=KINDS) as servers:
        result["dialects"] = _each(bench, servers, lambda server: _replay(
            server, requests, half, Reloads()))
        names = [name for name in servers if name != "nginx-gwc"]
    with bench.servers(names, kinds=KINDS) as servers:
        result["plain"] = _each(bench, servers, lambda server: _replay(server, requests, half))
        lists = _hit_lists(bench, servers, requests[half:])
        rows = _hits(bench, servers, lists, rounds, seconds)
        result["hits"] = _ratios(rows)
        result["latency"] = _latency(bench, servers, lists, rows, rounds, seconds)
    with bench.survive("stepping"):
        result["stepping"] = stepping.measure(bench)
    return result


def _each(bench, servers, take):
    """What `take` finds of each server, by name; whoever fails is left out from then on."""
    found = {}
    for name, server in list(servers.items()):
        bench.say(f"  {name}")
        with bench.survive(name):
            found[name] = take(server)
            continue
        del servers[name]
    return found


def geowebcache_renders(requests, half):
    """What the counted half would cost a GeoServer with GeoWebCache in its WMS, at best: it looks
    at what says TILED=TRUE, has one tile for every box and layer name, and keeps TIME as a text."""
    stored, renders = set(), 0
    for number, request in enumerate(requests):
        tiled = request.dialect not in ("leaflet", "openlayers3")
        key = (request.tile, request.tile.frame is not None and request.dialect == "wms-c")
        if number >= half and (not tiled or key not in stored):
            renders += 1
        if tiled:
            stored.add(key)
    return renders


def _plain(server, tile):
    return server.target(dialects.plain(tile))


def _replay(server, requests, half, reloads=None):
    """The first half fills the cache, the second is counted. In dialects, with `reloads`, or each
    tile in one spelling that asks for nothing special."""
    def targets(part):
        if reloads is None:
            return [_plain(server, request.tile) for request in part]
        return [lambda request=request: server.target(request.target(reloads)) for request in part]
    Replay(server, targets(requests[:half]))
    server.wait_until_quiet()
    maps, time = server.origin.maps(), server.origin.processor_time()
    played = Replay(server, targets(requests[half:]))
    server.wait_until_quiet()
    renders = server.origin.maps() - maps
    sample = random.Random(1).sample(requests[half:], SAMPLE)
    return {"requests": played.count, "renders": renders, "hit_ratio": 1 - renders / played.count,
            "origin_cpu_seconds": (server.origin.processor_time() - time) / 1e6,
            "no_picture": len(played.failed),
            "wrong": _wrong(server, [(targets([request])[0], request.tile) for request in sample]),
            "sample": SAMPLE}


def _wrong(server, pairs):
    """How many answers do not look as MapServer's own for that tile; None: nobody can tell."""
    if interpreter() is None:
        return None
    texts = [text() if callable(text) else text for text, _ in pairs]
    own = fetch(server.origin.port, [dialects.plain(tile) for _, tile in pairs])
    apart = differences(list(zip(fetch(server.port, texts), own)), server.directory)
    return sum(value is None or value > ALIKE for value in apart)


def _spellings(server, requests):
    """Some tiles, stored in one dialect and then asked for in each: how many of a hundred needed
    no map of MapServer, and how many looked wrong."""
    chosen = {request.tile: request for request in requests}
    chosen = random.Random(2).sample(list(chosen.values()), SAMPLE)
    result = {}
    for name in (FIRST_ASKED, *dialects.SPELLINGS):
        spell = dialects.SPELLINGS[name]
        texts = [server.target(spell(request.tile, request.start)) for request in chosen]
        before = server.origin.maps()
        fetch(server.port, texts)  # one at a time: nobody joins another's fetch
        renders = server.origin.maps() - before
        result[name] = {"found": max(0.0, 1 - renders / SAMPLE), "wrong": _wrong(
            server, [(text, request.tile) for text, request in zip(texts, chosen)])}
    return result


def _hit_lists(bench, servers, requests):
    """For each server a file of targets that it has stored: what was counted, in its order."""
    requests = [request for request in requests if not request.reload][:HIT_TARGETS]
    plain = {name: [_plain(server, request.tile) for request in requests]
             for name, server in servers.items()}
    if "mapedge" in servers:
        plain[SPOKEN] = [request.target() for request in requests]
    return {name: write_lines(os.path.join(bench.directory, f"targets-{name}.txt"), targets)
            for name, targets in plain.items()}


def _server_of(servers, name):
    return servers["mapedge" if name == SPOKEN else name]


def _hits(bench, servers, lists, rounds, seconds):
    """Windows that must be hits only, in rounds."""
    bench.say(f"  hits: {rounds} rounds of {seconds} s each")
    rows = {name: [] for name in lists}
    for turn in range(-1, rounds):  # the first is for warming up
        for name in rotate(lists, turn):
            with bench.survive(name):
                row = bench.undisturbed(lambda: _hit_window(
                    bench, _server_of(servers, name), lists[name], seconds))
                if turn >= 0:
                    rows[name].append(row)
    return {name: found for name, found in rows.items() if len(found) == rounds}


def _hit_window(bench, server, targets, seconds):
    before = server.origin.maps()
    figures = bench.window(server, seconds, ["-", "targets", targets], CONNECTIONS)
    _require_no_maps(server, before)
    if figures["log_lines"] < 0.99 * figures["requests"]:
        raise BenchmarkError(f"{server.name} logged {figures['log_lines']} lines for "
                             f"{figures['requests']} requests")
    return figures


def _require_no_maps(server, before):
    if server.origin.maps() != before:
        raise BenchmarkError(f"{server.name} asked MapServer although it had all tiles")


def _ratios(rows):
    """Medians; beside each peer's what the edge costs for each part of it, in both ways of being
    asked."""
    result = {name: medians(found) | {
        "worst_strangers": max(row["strangers"] for row in found),
        "rounds": [round(row["cpu_us"], 2) for row in found]} for name, found in rows.items()}
    for name, found in rows.items():
        if not name.startswith("mapedge"):
            result[name]["edge_to_this"] = {
                ours: paired_ratio(rows[ours], found, "cpu_us")
                for ours in ("mapedge", SPOKEN) if ours in rows}
    return result


def _latency(bench, servers, lists, rows, rounds, seconds):
    """Times at half of what the slowest of them can do, for all the same."""
    pace = build("pace", bench.directory, "-lm")
    rate = min(statistics.median(row["requests_per_second"] for row in found)
               for found in rows.values()) / 2
    bench.say(f"  latency at {rate:.0f} requests per second")
    found = {name: [] for name in rows}
    for turn in range(rounds):
        for name in rotate(rows, turn):
            with bench.survive(name):
                found[name].append(bench.undisturbed(lambda: _paced(
                    bench, pace, _server_of(servers, name), lists[name], rate, 2 * seconds)))
    return {"rate": round(rate), "servers": {
        name: {key: statistics.median(row[key] for row in taken)
               for key in ("p50_us", "p99_us", "unanswered")}
        | {"best_p99_us": min(row["p99_us"] for row in taken),
           "worst_strangers": max(row["strangers"] for row in taken)}
        for name, taken in found.items() if taken}}


def _paced(bench, pace, server, targets, rate, seconds):
    server.wait_until_quiet()
    server.forget_log()
    before = server.origin.maps()
    strangers = Strangers(server.pids())
    text = load.run_tool([pace, str(server.port), str(CONNECTIONS), f"{rate:.0f}", str(seconds),
                          "0.5", "-", targets], bench.load_core, seconds)
    _require_no_maps(server, before)
    return json.loads(text) | {"strangers": strangers.share()}
