"""What a hit costs: every server, every size, rounds interleaved."""

from . import load
from .bench import medians, noise, paired_ratio, rotate
from .workload import KEYS, layer_of


def measure(bench, names, sizes, shapes, rounds, seconds):
    """Rows by size and shape: each server's medians and the edge's ratio to it."""
    table = []
    for size in sizes:
        for shape in shapes:
            bench.say(f"hits, {size}, {shape}: {rounds} rounds of {seconds} s each")
            with bench.servers(names, size, shape) as servers:
                bench.fill(servers, layer_of(size))
                rows = interleave(bench, servers, size, shape, rounds, seconds)
            table.append({"size": size, "shape": shape, "keys": KEYS,
                          "mean_body_bytes": round(bench.workload.mean_size(size, shape)),
                          "servers": summarise(rows)})
    return table


def interleave(bench, servers, size, shape, rounds, seconds, ask=load.wrk):
    """Each server's windows in the order of the rounds, for those that got through all of them."""
    rows = {name: [] for name in servers}
    keys = bench.workload.keys_file(KEYS, shape)
    for server in servers.values():  # each warms its caches, its branch tables and its sockets
        with bench.survive(server.name):
            bench.window(server, 1, [layer_of(size), "list", keys, server.spelling], ask=ask)
    for turn in range(rounds):
        for name in rotate(servers, turn):
            with bench.survive(name):
                rows[name].append(bench.undisturbed(lambda: bench.hit_window(
                    servers[name], layer_of(size), keys, seconds, ask=ask)))
    return {name: found for name, found in rows.items() if len(found) == rounds}


def summarise(rows, ours="mapedge"):
    """Each server's medians; beside them what the edge costs for each part of theirs."""
    result = {}
    for name, found in rows.items():
        result[name] = medians(found)
        result[name]["worst_strangers"] = max(row["strangers"] for row in found)
        result[name]["rounds"] = [round(row["cpu_us"], 2) for row in found]
        if ours in rows and name != ours:
            result[name]["edge_to_this"] = {
                "cpu": paired_ratio(rows[ours], found, "cpu_us"),
                "bare_cpu": paired_ratio(rows[ours], found, "bare_cpu_us"),
                "requests_per_second": paired_ratio(rows[ours], found, "requests_per_second"),
                "requests_noise": noise(rows[ours], found, "requests_per_second")}
    return result


def add_ratios(result, rows, pairs):
    """Beside the first of each pair, what it costs for each part of the second, as "to_plain"."""
    for name, plain in pairs:
        if name in rows and plain in rows:
            result[name]["to_plain"] = {
                figure: paired_ratio(rows[name], rows[plain], key) for figure, key in
                (("cpu", "cpu_us"), ("requests_per_second", "requests_per_second"))}
    return result
