"""Replays a list of requests and says what came of it; compares answers with MapServer's own."""

import http.client
import json
import os
import subprocess
import threading
import time

from .load import Client
from .machine import HERE, BenchmarkError
from .tilecaches import PYTHON

VIEWERS = 8  # connections of a replay
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Reloads:
    """When each viewer reloaded, in milliseconds since 1970: when the first request says so."""

    def __init__(self):
        self.moments = {}

    def __call__(self, request):
        return self.moments.setdefault((request.viewer, request.reload), int(time.time() * 1000))


class Replay:
    """Sends targets in their order over some connections. Targets may be functions, which are asked
    when it is their turn. `failed` are those whose answer was no picture."""

    def __init__(self, server, targets):
        self.port = server.port
        self.queue = iter(targets)
        self.lock = threading.Lock()
        self.failed = []
        self.count = 0
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(VIEWERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _next(self):
        with self.lock:
            target = next(self.queue, None)
            if target is not None:
                self.count += 1
                return target() if callable(target) else target

    def _run(self):
        client = Client(self.port)
        while (target := self._next()) is not None:
            try:
                status, fields, body = client.get(target)
                good = status == 200 and body.startswith(SIGNATURE)
            except (OSError, http.client.HTTPException):
                client, good = Client(self.port), False
            if not good:
                with self.lock:
                    self.failed.append(target)
        client.close()


def fetch(port, targets):
    """The bodies of the answers, one after another."""
    with Client(port) as client:
        return [client.get(target)[2] for target in targets]


def interpreter():
    """One that has Pillow; None without it."""
    python = os.path.join(PYTHON, "bin", "python")
    return python if os.access(python, os.X_OK) else None


def differences(pairs, directory):
    """How far the pictures of each pair are apart: the mean over all pixels and colours, of 255;
    None where one is no picture of that size. Pillow has it computed, in an interpreter of its own:
    this program needs nothing but Python."""
    paths = []
    for number, pair in enumerate(pairs):
        for side, body in zip("ab", pair):
            paths.append(os.path.join(directory, f"picture-{number}{side}"))
            with open(paths[-1], "wb") as file:
                file.write(body)
    done = subprocess.run([interpreter(), os.path.join(HERE, "pictures.py"), *paths],
                          capture_output=True, text=True)
    for path in paths:
        os.remove(path)
    if done.returncode != 0:
        raise BenchmarkError(f"pictures.py failed: {done.stderr.strip()}")
    return json.loads(done.stdout)
