"""The running bench: origin, servers and workload, and one measured window."""

import contextlib
import os
import shutil
import statistics
import tempfile
import time

from . import load
from .machine import BenchmarkError, Strangers, choose_cores, raise_descriptor_limit
from .servers import ALL, Floor, Origin
from .workload import KEYS, Workload


# Others may use this share of one core during a window that counts.
CALM = 0.05


class Bench:
    """Holds what every part of the benchmark needs. Use as a context: leaving it ends every
    program it started and removes its directory."""

    def __init__(self, options, say=print):
        self.options = options
        self.say = say
        self.server_core, self.load_core = choose_cores(options.server_core)
        raise_descriptor_limit()
        # The harness keeps off the servers' core too.
        os.sched_setaffinity(0, {self.load_core})
        self.directory = tempfile.mkdtemp(prefix="peers-", dir=options.dir)
        self.running = contextlib.ExitStack()
        self.running.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.failures = []

    def __enter__(self):
        with contextlib.ExitStack() as guard:
            guard.callback(self.running.close)
            self.workload = Workload(self.directory)
            Origin.mix = self.workload.mix
            self.origin = Origin(self.directory, self.load_core, 0, 0)
            self.start(self.origin)
            guard.pop_all()
        return self

    def __exit__(self, *_):
        self.running.close()

    def start(self, server):
        self.running.callback(server.stop)
        server.start()
        return server

    @contextlib.contextmanager
    def servers(self, names, size="10k", shape="zipf", cache_bytes=2 << 30, kinds=ALL):
        """The named servers, freshly started with empty caches, by name; ended on leaving. One that
        does not start is a failure of the run, and the others go on."""
        Floor.sizes = self.workload.sizes_file(size, shape)
        with contextlib.ExitStack() as stack:
            started = {}
            place = tempfile.mkdtemp(dir=self.directory)
            stack.callback(shutil.rmtree, place, ignore_errors=True)
            for name in names:
                server = kinds[name](place, self.server_core, self.origin.port, cache_bytes)
                stack.callback(server.stop)
                with self.survive(name):
                    server.start()
                    started[name] = server
            yield started

    @contextlib.contextmanager
    def survive(self, what):
        """Notes an error of one server and goes on with the others."""
        try:
            yield
        except BenchmarkError as error:
            self.failures.append(f"{what}: {error}")
            self.say(f"  FAILED {what}: {error}")

    def fill(self, servers, layer, keys=KEYS):
        """Fills and checks each server; drops from the table whoever fails."""
        for name, server in list(servers.items()):
            if server.caches:
                with self.survive(name):
                    load.fill_and_check(server, self.origin.port, layer, keys)
                    continue
                del servers[name]

    def window(self, server, seconds, arguments, connections=load.CONNECTIONS, ask=load.wrk):
        """One measured window: what each request cost the server, and how many it answered."""
        server.wait_until_quiet()
        asked = load.origin_requests(self.origin.port)
        server.forget_log()
        strangers = Strangers(server.pids() + self.origin.pids())
        before, bare_before = server.processor_time(), server.bare_processor_time()
        result = ask(server, self.load_core, seconds, arguments, connections)
        server.wait_until_quiet()
        after, bare_after = server.processor_time(), server.bare_processor_time()
        count = result["requests"]
        user, system = ((late - early) / count for early, late in zip(before, after))
        return {"cpu_us": user + system, "user_us": user, "system_us": system,
                "bare_cpu_us": (sum(bare_after) - sum(bare_before)) / count,
                "requests_per_second": count / result["microseconds"] * 1e6,
                "requests": count, "p99_us": result["p99_us"],
                "misses": load.origin_requests(self.origin.port) - asked,
                "strangers": strangers.share(), "log_lines": server.log_lines()}

    def undisturbed(self, take):
        """The figures `take` returns; taken again, a few times, while others keep the machine busy.
        The least disturbed ones are kept."""
        best = take()
        for _ in range(self.options.patience):
            if best["strangers"] <= CALM:
                break
            best = min(best, take(), key=lambda row: row["strangers"])
        return best

    def hit_window(self, server, layer, keys_file, seconds, connections=load.CONNECTIONS,
                   ask=load.wrk):
        """A window that must be hits only, each with its line in the log."""
        figures = self.window(server, seconds, [layer, "list", keys_file, server.spelling],
                              connections, ask)
        if figures["misses"]:
            raise BenchmarkError(f"{server.name} asked the origin {figures['misses']} times")
        for _ in range(20):  # a log is written a little later
            if not server.caches or figures["log_lines"] >= 0.99 * figures["requests"]:
                return figures
            time.sleep(0.1)
            figures["log_lines"] = server.log_lines()
        raise BenchmarkError(f"{server.name} logged {figures['log_lines']} lines for "
                             f"{figures['requests']} requests")


def rotate(items, turn):
    """The items from another start each turn, so that nobody always follows the same one."""
    items = list(items)
    turn %= max(len(items), 1)
    return items[turn:] + items[:turn]


def medians(rounds):
    """The median of every figure over the rounds."""
    return {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}


def paired_ratio(ours, theirs, name):
    """The median over the rounds of ours to theirs, each pair measured within seconds of another:
    a machine that is slow for a while is slow for both."""
    return _median(_ratios(ours, theirs, name))


def noise(ours, theirs, name):
    """What the rounds' ratios differ by from their median: half of them by less, half by more, so
    that one round in which something else went on widens it little."""
    middle = paired_ratio(ours, theirs, name)
    return _median([abs(ratio - middle) for ratio in _ratios(ours, theirs, name)])


def _ratios(ours, theirs, name):
    return [a[name] / b[name] for a, b in zip(ours, theirs) if b[name]]


def _median(values):
    return statistics.median(values) if values else None
