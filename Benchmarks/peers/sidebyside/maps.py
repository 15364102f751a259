"""What a hit costs by a map's words, and by a path that is nothing but a name: the edge against
itself."""

from .hits import add_ratios, interleave, summarise
from .servers import MapEdge
from .workload import layer_of

SIZE, SHAPE = "10k", "zipf"


class PlainlyAsked(MapEdge):
    name = "plain path"
    spelling = "plain"


class AskedByTMS(MapEdge):
    name = "TMS"
    spelling = "tms"


class AskedByWMS(MapEdge):
    name = "WMS"
    spelling = "wms"


KINDS = {kind.name: kind for kind in (PlainlyAsked, AskedByTMS, AskedByWMS)}


def measure(bench, rounds, seconds):
    """Each spelling's medians; beside a map's what it costs for each part of the plain one."""
    bench.say(f"maps, {SIZE}, {SHAPE}: {rounds} rounds of {seconds} s each")
    with bench.servers(KINDS, SIZE, SHAPE, kinds=KINDS) as servers:
        bench.fill(servers, layer_of(SIZE))
        rows = interleave(bench, servers, SIZE, SHAPE, rounds, seconds)
    pairs = [(name, PlainlyAsked.name) for name in KINDS if name != PlainlyAsked.name]
    result = add_ratios(summarise(rows, ours=None), rows, pairs)
    return {"size": SIZE, "shape": SHAPE, "servers": result}
