"""What 10,000 viewers who wait between two tiles cost in memory."""

import select
import socket

from .machine import BenchmarkError
from .workload import layer_of, path_of

COUNT = 10_000
SIZE = "10k"
FIRST = 200  # opened before the first reading, so that pools and tables are there


def measure(bench, names):
    names = [name for name in names if name != "floor"]
    bench.say(f"idle: {COUNT} keep-alive connections, each after one hit")
    result = {}
    with bench.servers(names, SIZE) as servers:
        bench.fill(servers, layer_of(SIZE), 10)
        for name, server in servers.items():
            with bench.survive(name):
                result[name] = _one(server)
    return {"connections": COUNT, "servers": result}


def _one(server):
    held = []
    try:
        held.extend(_open(server.port) for _ in range(FIRST))
        server.wait_until_quiet()
        before = server.memory()
        held.extend(_open(server.port) for _ in range(COUNT))
        server.wait_until_quiet()
        after = server.memory()
        if _readable(held):
            raise BenchmarkError(f"{server.name} closed idle connections")
    except OSError as error:
        raise BenchmarkError(f"after {len(held)} connections: {error}; raise ulimit -n") from error
    finally:
        for connection in held:
            connection.close()
    return {"resident_per_connection": (after["resident"] - before["resident"]) / COUNT,
            "private_per_connection": (after["private"] - before["private"]) / COUNT,
            "private_total": after["private"]}


def _readable(connections):
    """How many have something to read: an end, since nothing was asked."""
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN)
    return len(poll.poll(0))


def _open(port):
    """A connection that has been served one tile and stays."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    path = path_of(layer_of(SIZE), 1)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    missing = int(fields[b"content-length"]) - len(body)
    while missing > 0:
        missing -= len(_receive(connection))
    return connection


def _receive(connection):
    data = connection.recv(1 << 16)
    if not data:
        raise BenchmarkError("the server closed a new connection")
    return data
