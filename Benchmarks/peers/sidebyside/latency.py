"""The 99th percentile at half of nginx's greatest rate, with arrivals that wait for nobody."""

import json
import statistics

from . import load
from .bench import rotate
from .machine import BenchmarkError, Strangers, build
from .workload import KEYS, layer_of

SIZE = "10k"


def greatest_rate(bench, server, seconds):
    """Requests per second nginx answers when asked as fast as it can; the median of three."""
    keys = bench.workload.keys_file(KEYS, "zipf")
    rates = [bench.hit_window(server, layer_of(SIZE), keys, seconds)["requests_per_second"]
             for _ in range(3)]
    return statistics.median(rates)


def measure(bench, names, rounds, seconds):
    names = [name for name in names if name in ("mapedge", "nginx", "floor")]
    pace = build("pace", bench.directory, "-lm")
    with bench.servers(names, SIZE) as servers:
        bench.fill(servers, layer_of(SIZE))
        if "nginx" not in servers:
            raise BenchmarkError("the latency part needs nginx: half of its rate is the load")
        rate = greatest_rate(bench, servers["nginx"], seconds) / 2
        bench.say(f"latency at {rate:.0f} requests per second: {rounds} rounds of {seconds} s each")
        rows = {name: [] for name in servers}
        for turn in range(rounds):
            for name in rotate(servers, turn):
                with bench.survive(name):
                    rows[name].append(bench.undisturbed(
                        lambda: _once(bench, pace, servers[name], rate, seconds)))
    return {"rate": round(rate), "size": SIZE,
            "servers": {name: _summary(found) for name, found in rows.items() if found}}


def _once(bench, pace, server, rate, seconds):
    server.wait_until_quiet()
    server.forget_log()
    asked = load.origin_requests(bench.origin.port)
    strangers = Strangers(server.pids())
    text = load.run_tool(
        [pace, str(server.port), str(load.CONNECTIONS), f"{rate:.0f}", str(seconds), "0.5",
         layer_of(SIZE), bench.workload.keys_file(KEYS, "zipf")], bench.load_core, seconds)
    if load.origin_requests(bench.origin.port) != asked:
        raise BenchmarkError(f"{server.name} asked the origin although it had all tiles")
    return json.loads(text) | {"strangers": strangers.share()}


def _summary(rows):
    """Medians, and the best round: what disturbs a machine only ever adds."""
    names = ("p50_us", "p99_us", "p999_us", "answered_per_second", "unanswered")
    result = {name: statistics.median(row[name] for row in rows) for name in names}
    result["worst_strangers"] = max(row["strangers"] for row in rows)
    result["best_p99_us"] = min(row["p99_us"] for row in rows)
    result["rounds_p99_us"] = [row["p99_us"] for row in rows]
    return result
