"""What TLS costs: hits over connections that stay, and new connections, full and resumed."""

import functools
import json

from . import load, secured
from .hits import interleave, summarise
from .machine import BenchmarkError, build
from .workload import layer_of

SIZE, SHAPE = "10k", "zipf"


def measure(bench, names, kinds, rounds, seconds):
    """Rows by certificate and load: each server's medians and the edge's ratio to it."""
    names = [name for name in names if name in secured.KINDS]
    program = build("handshakes", bench.directory, "-lssl", "-lcrypto")
    loads = {"hits": load.wrk, "handshakes": functools.partial(connect, program, "full"),
             "resumed": functools.partial(connect, program, "resumed")}
    table = []
    for kind in kinds:
        title = secured.CERTIFICATES[kind][0]
        bench.say(f"TLS, {title}: {rounds} rounds of {seconds} s for {', '.join(loads)}")
        secured.Secured.certificate = secured.make_certificate(kind, bench.directory)
        with bench.servers(names, SIZE, SHAPE, kinds=secured.KINDS) as servers:
            bench.fill(servers, layer_of(SIZE))
            terms = secured.check_agreed(servers)
            rows = {name: interleave(bench, servers, SIZE, SHAPE, rounds, seconds, ask)
                    for name, ask in loads.items()}
        table.append({"certificate": title, "size": SIZE, "agreed": terms,
                      "loads": {name: summarise(found) for name, found in rows.items()}})
    return table


def connect(program, kind, server, core, seconds, arguments, connections=load.CONNECTIONS):
    """A new connection for each request, "full" or "resumed"; what load.wrk returns."""
    layer, _, keys, *_ = arguments
    text = load.run_tool([program, str(server.port), str(connections), str(seconds), kind, layer,
                          keys], core, seconds)
    result = json.loads(text)
    count, resumed = result["requests"], result["resumed"]
    # To be resumed there must have been a first.
    if count == 0 or resumed != (0 if kind == "full" else count - 1):
        raise BenchmarkError(f"{server.name} resumed {resumed} of {count} sessions, kind: {kind}")
    if result["tickets"] != 2 * count - resumed:  # OpenSSL's two for new sessions, one for others
        raise BenchmarkError(f"{server.name} gave {result['tickets']} tickets for {count} "
                             f"connections, {resumed} of them resumed")
    return result
