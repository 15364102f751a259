"""What a miss costs that is fetched from the origin and stored: tiles nobody asked for before."""

from . import load
from .bench import rotate
from .hits import summarise
from .machine import BenchmarkError
from .workload import layer_of, path_of

SIZE = "10k"
SAMPLE = 400
SPAN = 2_000_000  # tile numbers set aside for each window; no server reaches its end


def measure(bench, names, rounds, seconds):
    names = [name for name in names if name not in ("floor",)]
    bench.say(f"misses, {SIZE}: {rounds} rounds of {seconds} s each")
    with bench.servers(names, SIZE, cache_bytes=6 << 30) as servers:
        rows = {name: [] for name in servers}
        for turn in range(rounds):
            for name in rotate(servers, turn):
                with bench.survive(name):
                    rows[name].append(_once(bench, servers[name], (turn + 1) * SPAN, seconds))
    rows = {name: found for name, found in rows.items() if len(found) == rounds}
    return {"size": SIZE, "servers": summarise(rows)}


def _once(bench, server, first, seconds):
    row = bench.window(server, seconds, [layer_of(SIZE), "unique", first])
    if row["misses"] < row["requests"]:
        raise BenchmarkError(f"{server.name} asked the origin {row['misses']} times only for "
                             f"{row['requests']} unique tiles")
    row["stored_share"] = _stored_share(server, first, row["requests"])
    return row


def _stored_share(server, first, count):
    """The share of the window's tiles that are hits now, from an even sample."""
    hits = 0
    with load.Client(server.port) as viewer:
        for index in range(SAMPLE):
            # wrk draws its first request to look at it and never sends it.
            number = first + 1 + index * (count - 1) // SAMPLE
            status, fields, _ = viewer.get(path_of(layer_of(SIZE), number))
            hits += status == 200 and server.is_hit(fields)
    return hits / SAMPLE
