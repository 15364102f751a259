"""Tables for people. What the figures should be is in Thresholds/6.3/peers.json."""

import os

from .bench import CALM
from .machine import HERE, load_json

GOALS = os.path.join(HERE, "..", "Thresholds", "6.3", "peers.json")


def ratio(value, goal=None):
    """"0.57" or, with a goal, "0.57 (≤ 0.60: yes)"."""
    if value is None:
        return "-"
    text = f"{value:.2f}"
    return text if goal is None else f"{text} (≤ {goal:.2f}: {'yes' if value <= goal else 'NO'})"


def no_less(value, noise):
    """"0.98 (≥ 1 - 0.03: yes)": whether a ratio is 1 or more, within the noise of its rounds."""
    return f"{value:.2f} (≥ 1 - {noise:.2f}: {'yes' if value >= 1 - noise else 'NO'})"


def columns(rows):
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                             for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def hits_lines(table, goals):
    lines = []
    for part in table:
        lines.append(f"hits, {part['size']}, {part['shape']}, {part['keys']} keys, "
                     f"mean body {part['mean_body_bytes']} bytes")
        goal = goals["hit_cpu"].get(part["size"], {})
        rows = [("", "CPU µs", "user", "system", "req/s", "edge's CPU to it", "edge's req/s")]
        for name, row in part["servers"].items():
            to_this = row.get("edge_to_this", {})
            requests = ratio(to_this.get("requests_per_second"))
            if to_this and name in goals["requests_no_less_than"]:
                requests = no_less(to_this["requests_per_second"], to_this["requests_noise"])
            # The stricter figure is the goal's: without the program that writes the log.
            less_log = row["bare_cpu_us"] < 0.99 * row["cpu_us"]
            rows.append((*_cost(name, row),
                         ratio(to_this.get("cpu"), None if less_log else goal.get(name)), requests))
            if less_log:
                rows.append((f"{name} less log", f"{row['bare_cpu_us']:.2f}", "", "", "",
                             ratio(to_this.get("bare_cpu"), goal.get(name)), ""))
        lines += columns(rows)
    return lines


def _to_plain(part, goal):
    rows = [("", "CPU µs", "user", "system", "req/s", "CPU to plain", "req/s to plain")]
    for name, row in part["servers"].items():
        to_plain = row.get("to_plain")
        ratios = ("", "") if to_plain is None else (
            ratio(to_plain["cpu"], goal), ratio(to_plain["requests_per_second"]))
        rows.append((*_cost(name, row), *ratios))
    return columns(rows)


def distribution_lines(part, goals):
    return [f"hits, {part['size']}, {part['shape']}, with a distribution and "
            f"{part['invalidations']} invalidations, and plain",
            *_to_plain(part, goals["distribution_cpu"])]


def maps_lines(part, goals):
    return [f"hits, {part['size']}, {part['shape']}, by a map's words, and by a plain path",
            *_to_plain(part, goals["map_cpu"])]


def tls_lines(table, goals):
    lines = []
    for part in table:
        lines.append(f"TLS, {part['certificate']}, {part['size']}: " + ", ".join(
            part["agreed"].values()))
        rows = [("", "CPU µs", "user", "system", "per s", "busy", "edge's CPU to it")]
        for load, found in part["loads"].items():
            for name, row in found.items():
                value = row.get("edge_to_this", {}).get("cpu")
                goal = goals["tls_cpu"].get(load, {}).get(name)
                rows.append((*_cost(f"{load}, {name}", row),
                             f"{row['cpu_us'] * row['requests_per_second'] / 1e6:.0%}",
                             ratio(value, goal)))
        lines += columns(rows)
    return lines


def _cost(name, row):
    return (name, f"{row['cpu_us']:.2f}", f"{row['user_us']:.2f}", f"{row['system_us']:.2f}",
            f"{row['requests_per_second']:.0f}")


def misses_lines(part, goals):
    rows = [("", "CPU µs", "user", "system", "req/s", "stored", "edge's CPU to it")]
    for name, row in part["servers"].items():
        rows.append((name, f"{row['cpu_us']:.2f}", f"{row['user_us']:.2f}",
                     f"{row['system_us']:.2f}", f"{row['requests_per_second']:.0f}",
                     f"{row['stored_share']:.1%}",
                     ratio(row.get("edge_to_this", {}).get("cpu"), goals["miss_cpu"].get(name))))
    lines = [f"misses, stored, {part['size']}", *columns(rows)]
    share = part["servers"].get("mapedge", {}).get("stored_share", 1)
    if share < 0.98:
        lines.append(f"  The edge stored only {share:.0%}; what it left out makes it cheaper.")
    return lines


def latency_lines(part, goals):
    rows = [("", "p50 µs", "p99 µs", "p99.9 µs", "best p99", "answered/s")]
    for name, row in part["servers"].items():
        rows.append((name, f"{row['p50_us']:.0f}", f"{row['p99_us']:.0f}", f"{row['p999_us']:.0f}",
                     f"{row['best_p99_us']:.0f}", f"{row['answered_per_second']:.0f}"))
    lines = [f"latency, {part['size']}, open load of {part['rate']} requests per second",
             *columns(rows)]
    servers = part["servers"]
    if "mapedge" in servers and "nginx" in servers:
        value = servers["mapedge"]["p99_us"] / servers["nginx"]["p99_us"]
        lines.append(f"  edge's p99 to nginx's: {ratio(value, goals['p99_to_nginx'])}")
    return lines


def idle_lines(part, goals):
    rows = [("", "resident bytes each", "private bytes each", "private MiB in all")]
    for name, row in part["servers"].items():
        each = f"{row['resident_per_connection']:.0f}"
        if name == "mapedge":
            limit = goals["idle_connection_bytes"]
            each += f" (< {limit}: {'yes' if row['resident_per_connection'] < limit else 'NO'})"
        rows.append((name, each, f"{row['private_per_connection']:.0f}",
                     f"{row['private_total'] / (1 << 20):.1f}"))
    return [f"idle, {part['connections']} keep-alive connections", *columns(rows)]


def million_lines(part, goals):
    goal = goals["million"]
    lines = [f"full cache, {part['tiles']} tiles of {part['tile_bytes']} bytes in "
             f"{part['layers']} layers"]
    for name, row in part["servers"].items():
        ours = name == "mapedge"
        cpu = row["cpu_us"]
        lines += [
            f"  {name}: CPU µs per hit: {cpu['few']:.2f} with 1,000 tiles, {cpu['zipf']:.2f} Zipf, "
            f"{cpu['uniform']:.2f} uniform",
            f"    Zipf to 1,000: {ratio(row['zipf_ratio'], goal['zipf'] if ours else None)}, "
            f"uniform: {ratio(row['uniform_ratio'], goal['uniform'] if ours else None)}",
            f"    start to first hit: {row['start_full_seconds']:.3f} s full, "
            f"{row['start_empty_seconds']:.3f} s empty"
            + (f" (goal < {goal['start_seconds']} s)" if ours else ""),
            f"    private memory: {row['private_bytes'] / (1 << 20):.1f} MiB"
            + (f" (goal < {goal['private_mib']})" if ours else "")
            + f", filled in {row['fill_seconds']:.0f} s"]
        if row.get("invalidation_ms"):
            limit = goal["invalidation_ms"]
            words = {"layer": "one layer", "extent": "one box of it", "everything": "/*"}
            spent = ", ".join(f"{words[kind]} {value:.1f} ms"
                              for kind, value in row["invalidation_ms"].items())
            met = all(value < limit for value in row["invalidation_ms"].values())
            lines.append(f"    slowest invalidation acknowledged, and in force: {spent} (goal < "
                         f"{limit} ms: {'yes' if met else 'NO'})")
    return lines


def outage_lines(part, goals):
    def seconds(value):
        return "never" if value is None else f"{value:.2f} s"

    trouble, dead, crowd = part["trouble"], part["dead"], part["crowd"]
    rows = [
        f"  {row['asked']} {name}: {'/'.join(map(str, row['statuses']))}, slowest "
        f"{row['slowest_ms']:.0f} ms, {row['late']} later than {dead['deadline_ms']} ms, "
        f"{row['unfit']} no {name.split()[1][:-1]} (goal: 0 and 0)"
        for name, row in dead["rows"].items()]
    return [
        "outage: two members, new tiles under load; one killed, restarted, hung, resumed",
        f"  {trouble['requests']} GET of new tiles, {trouble['failed']} failed; {trouble['heads']} "
        f"HEAD ({trouble['new_heads']} new), {trouble['heads_failed']} failed (goal: 0 and 0)",
        f"  out {seconds(trouble['out_after_kill_seconds'])} after the kill and "
        f"{seconds(trouble['out_after_hang_seconds'])} after it hung; full share again "
        f"{seconds(trouble['full_share_after_restart_seconds'])} after the restart",
        "outage: nobody left, what is stored is stale",
        *rows,
        f"outage: {crowd['viewers']} viewers for one new tile: {crowd['served']} served, "
        f"{crowd['origin_requests']} origin requests (goal: 1)"]


def rolling_lines(part, goals):
    return [
        f"rolling: {part['writes']} configuration writes to a cluster of {part['members']}, maps all "
        "the time",
        f"  {part['requests']} GET of new maps, {part['failed']} failed, {part['older']} older than "
        f"an answered write, {part['unknown']} of no known state (goal: 0, 0 and 0)",
        f"  slowest write until all were in step: {part['slowest_until_in_step_seconds']:.2f} s"]


def workload_lines(part, goals):
    lines = [f"workload: {part['viewers']} viewers, {part['requests']} requests of {part['tiles']} "
             f"tiles; the second half is counted, {part['counted']} requests with "
             f"{part['new_tiles']} new tiles"]
    rows = [("", "hit ratio", "renders", "MapServer's CPU s", "no picture", "wrong")]
    for way, words in (("dialects", "in dialects"), ("plain", "in one spelling")):
        rows += [(f"{name}, {words}", f"{row['hit_ratio']:.1%}", row["renders"],
                  f"{row['origin_cpu_seconds']:.1f}", row["no_picture"],
                  "-" if row["wrong"] is None else f"{row['wrong']}/{row['sample']}") for name, row in part[way].items()]
        if way == "dialects":
            renders = part["geowebcache_renders"]
            rows.append(("(GeoWebCache at best, reckoned)",
                         f"{1 - renders / part['counted']:.1%}", renders, "", "", ""))
    lines += [*columns(rows), *_spelling_lines(part["spellings"]),
              "  hits only, the same tiles"]
    rows = [("", "CPU µs", "user", "system", "req/s", "edge's CPU to it", "in dialects")]
    for name, row in part["hits"].items():
        to_this = row.get("edge_to_this", {})
        goal = goals["workload_cpu"].get(name)
        rows.append((*_cost(name, row), ratio(to_this.get("mapedge"), goal),
                     ratio(to_this.get("mapedge, dialects"), goal)))
    lines += [*columns(rows), f"  the same at {part['latency']['rate']} requests per second"]
    rows = [("", "p50 µs", "p99 µs", "best p99", "unanswered")]
    rows += [(name, f"{row['p50_us']:.0f}", f"{row['p99_us']:.0f}", f"{row['best_p99_us']:.0f}",
              f"{row['unanswered']:.0f}") for name, row in part["latency"]["servers"].items()]
    return lines + columns(rows) + _stepping_lines(part.get("stepping"))


def _stepping_lines(part):
    if not part:
        return []
    lines = [f"  a player of {part['frames']} frames of {part['tiles']} tiles; of the first three "
             "nobody can know"]
    rows = [("", "frames ready", "median ms", "longest ms")]
    rows += [(name, f"{row['ready']}/{part['frames']}", f"{row['median_ms']:.1f}",
              f"{row['longest_ms']:.1f}") for name, row in part["servers"].items()]
    return lines + columns(rows)


def _spelling_lines(part):
    """A column for each dialect; the first answer is the one that stored the tiles."""
    if not part:
        return []
    names = list(next(iter(part.values())))
    rows = [("", *names)]
    for server, found in part.items():
        rows.append((server, *(f"{found[name]['found']:.0%}" + (
            f" ({found[name]['wrong']} wrong)" if found[name]["wrong"] else "")
            for name in names)))
    return ["  found without MapServer, of tiles that were stored in the dialect composer",
            *columns(rows)]


PARTS = {"hits": hits_lines, "distribution": distribution_lines, "maps": maps_lines,
         "tls": tls_lines,
         "misses": misses_lines, "latency": latency_lines, "idle": idle_lines,
         "million": million_lines, "outage": outage_lines, "rolling": rolling_lines,
         "workload": workload_lines}


def strangers(value):
    """Every "worst_strangers" in the figures."""
    if isinstance(value, dict):
        if "worst_strangers" in value:
            yield value["worst_strangers"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from strangers(part)


def text(result):
    """The whole report."""
    goals = load_json(GOALS)
    machine = result["machine"]
    lines = [f"{machine['processor']}, {machine['cores']} cores, kernel {machine['kernel']}"]
    for name, value in result["parts"].items():
        lines += ["", *PARTS[name](value, goals)]
    worst = max(strangers(result["parts"]), default=0)
    if worst > CALM:
        lines += ["", f"Others used up to {worst:.0%} of a core meanwhile; times are less sure."]
    if result["failures"]:
        lines += ["", "did not run:", *(f"  {failure}" for failure in result["failures"])]
    return "\n".join(lines)
