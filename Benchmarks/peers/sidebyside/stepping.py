"""A player that steps a story through TIME as MapStory's does: it asks for every tile of a frame,
waits for all of them, and then for its next tick. How many frames were ready when it came for them,
and how long it waited: without and with `playback`."""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from . import dialects, trace
from .load import Client
from .machine import BenchmarkError
from .tilecaches import EdgeOfMaps

FRAMES = 24  # of three days each
TICK = 0.3  # seconds between the last tile of a frame and the first of the next
CONNECTIONS = 6  # of a browser
AHEAD = 3  # frames
COLUMNS, ROWS = 5, 3


class SteppedEdge(EdgeOfMaps):
    """The edge with nothing ahead, or with so many frames."""

    frames = 0

    def rules(self):
        path = os.path.join(self.directory, "edge.yaml")
        with open(path, "w") as file:
            file.write(f'origins: {{ default: {{ members: ["{self.origin.url}"] }} }}\n'
                       "behaviors:\n"
                       f'  - {{ path: "*", class: tiles, playback: {{ frames: {self.frames} }} }}\n')
        return ["--config", path, "--mode", "cloudfront"]


class AheadEdge(SteppedEdge):
    name = "mapedge-ahead"
    frames = AHEAD


KINDS = {kind.name: kind for kind in (SteppedEdge, AheadEdge)}


def measure(bench):
    bench.say(f"  a player, {FRAMES} frames of {COLUMNS * ROWS} tiles")
    found = {}
    with bench.servers(KINDS, kinds=KINDS) as servers:
        for name, server in servers.items():
            with bench.survive(name):
                found[name] = _play(server)
    return {"frames": FRAMES, "tiles": COLUMNS * ROWS, "ahead": AHEAD, "servers": found}


def _play(server):
    story = trace.Story(0, frames=FRAMES)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        clients = [Client(server.port) for _ in range(CONNECTIONS)]
        waits, ready = [], 0
        for frame in story.frames:
            texts = [server.target(dialects.plain(trace.Tile(
                "hurricanes", story.zoom, story.column + column, story.row + row, frame)))
                for row in range(ROWS) for column in range(COLUMNS)]
            begun = time.monotonic()
            shares = [texts[index::CONNECTIONS] for index in range(CONNECTIONS)]
            answers = sum(pool.map(_ask, clients, shares), [])
            waits.append(time.monotonic() - begun)
            if any(status != 200 for status, _ in answers):
                raise BenchmarkError(f"{server.name} has no picture of {frame}")
            ready += all(cache.startswith("Hit") for _, cache in answers)
            time.sleep(TICK)
        for client in clients:
            client.close()
    return {"ready": ready, "median_ms": 1_000 * statistics.median(waits[3:]),
            "longest_ms": 1_000 * max(waits[3:])}


def _ask(client, texts):
    answers = []
    for text in texts:
        status, fields, _ = client.get(text)
        answers.append((status, fields.get("x-cache", "")))
    return answers
