"""What a hit costs with a whole distribution in force, and without one: the edge against itself."""

import time

from .hits import add_ratios, interleave, summarise
from .machine import BenchmarkError
from .servers import DistributedMapEdge, MapEdge
from .workload import layer_of

SIZE, SHAPE = "10k", "zipf"
INVALIDATIONS = 1_000
FORCE = 600  # seconds for which the edge keeps a rule at the least


class PlainTier(MapEdge):
    """One behavior for everything, by the rules and in the role the distribution is served in."""

    name = "plain, tier"
    role = "tier"

    def rules(self):
        return ["--origin", f"http://127.0.0.1:{self.origin_port}", "--mode", "cloudfront",
                "--role", self.role]


class PlainTwin(PlainTier):
    name = "plain, twin"
    role = "twin"


class DistributedTier(DistributedMapEdge):
    name = "distribution, tier"
    role = "tier"


class DistributedTwin(DistributedMapEdge):
    name = "distribution, twin"
    role = "twin"


KINDS = {kind.name: kind for kind in (PlainTier, DistributedTier, PlainTwin, DistributedTwin)}
PAIRS = ((DistributedTier.name, PlainTier.name), (DistributedTwin.name, PlainTwin.name))


def measure(bench, rounds, seconds):
    """Each edge's medians; beside a distribution's what it costs for each part of the plain one."""
    bench.say(f"distribution, {SIZE}, {SHAPE}: {rounds} rounds of {seconds} s each")
    with bench.servers(KINDS, SIZE, SHAPE, kinds=KINDS) as servers:
        bench.fill(servers, layer_of(SIZE))
        start = time.monotonic()
        _invalidate(servers)
        rows = interleave(bench, servers, SIZE, SHAPE, rounds, seconds)
        if time.monotonic() - start > FORCE:
            raise BenchmarkError(f"the rounds took longer than the {FORCE} s for which "
                                 "invalidations are sure to be in force; take fewer")
    result = add_ratios(summarise(rows, ours=None), rows, PAIRS)
    return {"size": SIZE, "shape": SHAPE, "invalidations": INVALIDATIONS, "servers": result}


def _invalidate(servers):
    """After the tiles were stored, so that each hit asks whether one of the rules is its own: what
    is stored later than all rules need not ask."""
    for server in servers.values():
        if isinstance(server, DistributedMapEdge):
            server.invalidate(INVALIDATIONS)
