"""A full cache: 1,000,000 tiles of 3 KB in 1,000 layers against a cache of 1,000, start-up with it,
memory, and how long invalidations of it take."""

import os
import shutil
import time

from . import invalidations, load
from .bench import medians, paired_ratio, rotate
from .machine import BenchmarkError
from .workload import LAYERS, layer_in_turn, layer_of, layered_path_of

SIZE = "3072"
FEW = 1_000
DRAWS = 1_000_000
CACHE_BYTES = 8 << 30


def measure(bench, names, tiles, rounds, seconds):
    """The edge, and any peer the command line names for it."""
    result = {}
    for name in names:
        if name == "floor":
            continue
        # Twice the same program with the same flags: what few tiles cost is told by one that has no
        # more of them, whose index is small as well.
        with (bench.servers([name], SIZE, cache_bytes=CACHE_BYTES) as full,
              bench.servers([name], SIZE, cache_bytes=CACHE_BYTES) as few):
            if full and few:
                with bench.survive(name):
                    result[name] = _one(bench, full[name], few[name], tiles, rounds, seconds)
    return {"tiles": tiles, "layers": LAYERS, "tile_bytes": int(SIZE), "servers": result}


def _one(bench, server, small, tiles, rounds, seconds):
    server.spelling = small.spelling = "layers"
    empty = _start_time(server, None)
    _fill(bench, small, FEW)
    spent = _fill(bench, server, tiles)
    rows = _rounds(bench, server, small, tiles, rounds, seconds)
    memory = server.memory()
    number = tiles // 2
    middle = layered_path_of(layer_of(SIZE), number)
    full = _start_time(server, middle)
    # The peers have nothing to compare.
    slowest = (invalidations.measure(server, layer_in_turn(layer_of(SIZE), number), middle)
               if server.name == "mapedge" else {})
    return {"invalidation_ms": slowest, "fill_seconds": spent,
            "cpu_us": {case: medians(rows[case])["cpu_us"] for case in rows},
            "requests_per_second": {case: medians(rows[case])["requests_per_second"]
                                    for case in rows},
            "zipf_ratio": paired_ratio(rows["zipf"], rows["few"], "cpu_us"),
            "uniform_ratio": paired_ratio(rows["uniform"], rows["few"], "cpu_us"),
            "private_bytes": memory["private"], "resident_bytes": memory["resident"],
            "start_empty_seconds": empty, "start_full_seconds": full}


def _fill(bench, server, tiles):
    """Asks for every tile until all are stored; returns the seconds it took."""
    bench.say(f"{server.name}: storing {tiles} tiles of {SIZE} bytes")
    start = time.monotonic()
    for _ in range(6):
        missing = _pass(bench, server, tiles)
        bench.say(f"  {missing} were not there")
        if missing == 0:
            return time.monotonic() - start
    raise BenchmarkError(f"{server.name} does not keep {tiles} tiles of {SIZE} bytes in "
                         f"{CACHE_BYTES >> 20} MiB")


def _pass(bench, server, tiles):
    """Asks for every tile once; returns how many were not there."""
    before = load.origin_requests(bench.origin.port)
    asked = 0
    while asked < tiles:
        done = load.wrk(server, bench.load_core, 5,
                        [layer_of(SIZE), "fill", asked, tiles, server.spelling])
        # Those in flight at the end went unanswered; the next turn begins with them.
        asked += max(done["requests"] - load.CONNECTIONS, 1)
        server.forget_log()
    server.wait_until_quiet()
    return load.origin_requests(bench.origin.port) - before


def _rounds(bench, server, small, tiles, rounds, seconds):
    cases = {"few": (small, FEW, "zipf"), "zipf": (server, tiles, "zipf"),
             "uniform": (server, tiles, "uniform")}
    rows = {case: [] for case in cases}
    files = {case: bench.workload.keys_file(keys, shape, DRAWS)
             for case, (_, keys, shape) in cases.items()}
    bench.say(f"{server.name}: {rounds} rounds of {seconds} s for {', '.join(rows)}")
    for turn in range(rounds + 1):  # the first is warm-up
        for case in rotate(rows, turn):
            row = bench.undisturbed(
                lambda: bench.hit_window(cases[case][0], layer_of(SIZE), files[case], seconds))
            if turn > 0:
                rows[case].append(row)
    return rows


def _start_time(server, path):
    """Seconds from the start of the program, stopped before, to its first hit for `path`; without
    one, until it listens."""
    server.stop()
    if path is None:
        shutil.rmtree(os.path.join(server.directory, "cache"), ignore_errors=True)
    start = time.monotonic()
    server.start(server.port)
    if path is not None:
        with load.Client(server.port) as viewer:
            status, fields, _ = viewer.get(path)
        if status != 200 or not server.is_hit(fields):
            raise BenchmarkError(f"{server.name} lost {path} in a restart")
    return time.monotonic() - start
