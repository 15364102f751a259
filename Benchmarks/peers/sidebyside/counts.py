"""Exact counts of a running edge: allocations and retains from inside, system calls from strace."""

import collections
import os
import shutil
import signal
import struct
import subprocess
import time

from .machine import HERE, BenchmarkError

SLOTS, SLOT, SITE = 1_024, struct.Struct("<8Q"), struct.Struct("<4Q")
FIELDS = ("allocations", "retains", "polls")


def build_counter(directory):
    """Compiles the interposer; returns the shared object's path."""
    source = os.path.join(HERE, "..", "Sources", "CAllocationCount")
    result = os.path.join(directory, "libcounts.so")
    done = subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
         "-I", os.path.join(source, "include"), "-o", result,
         os.path.join(source, "CAllocationCount.c"), "-ldl"], capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchmarkError(f"cannot compile the counter; install a C compiler\n{done.stderr}")
    return result


def read_counts(path):
    """What each thread did so far, by thread id."""
    if not os.path.exists(path):
        raise BenchmarkError("the counter did not start; link the edge against the shared Swift "
                             "runtime (no -static-stdlib) and run it on x86-64")
    with open(path, "rb") as file:
        rows = [row for row in SLOT.iter_unpack(file.read(SLOT.size * SLOTS)) if row[0]]
    return {row[0]: dict(zip(FIELDS, row[1:])) for row in rows}


def read_sites(path):
    """(allocations, retains) of the loops by the address they were called from, so far."""
    with open(path, "rb") as file:
        file.seek(SLOT.size * SLOTS)
        return {row[0]: row[1:3] for row in SITE.iter_unpack(file.read()) if row[0]}


def busiest_sites(pid, before, after, count=5):
    """The places that called most between two readings, as lines for people."""
    nothing = (0, 0)
    calls = {site: tuple(b - a for a, b in zip(before.get(site, nothing), now))
             for site, now in after.items()}
    for site in sorted(calls, key=lambda site: -sum(calls[site]))[:count]:
        if any(calls[site]):
            allocations, retains = calls[site]
            yield f"{allocations} allocations, {retains} retains: {place_of(pid, site)}"


def place_of(pid, address):
    """Function, file and line of a return address in a running program, inlined callers last."""
    with open(f"/proc/{pid}/maps") as file:
        for line in file:
            fields = line.split()
            start, end = (int(part, 16) for part in fields[0].split("-"))
            if start <= address < end and len(fields) > 5:
                offset = address - 1 - start + int(fields[2], 16)
                return f"{fields[5]}+{offset:#x} {_symbols(fields[5], offset)}"
    return f"{address:#x}"


def _symbols(module, offset):
    """The code segment lies in the file where it lies in memory: the offset is the address."""
    tool = shutil.which("llvm-symbolizer") or shutil.which("addr2line")
    if tool is None:
        return "(install binutils for the name)"
    done = subprocess.run([tool, "-f", "-i", "-e", module, hex(offset)], capture_output=True,
                          text=True)
    lines = [line for line in done.stdout.splitlines() if line]
    return " < ".join(" ".join(pair) for pair in zip(lines[::2], lines[1::2]))


def difference(before, after):
    """What each thread did between two readings."""
    nothing = dict.fromkeys(FIELDS, 0)
    return {thread: {name: counts[name] - before.get(thread, nothing)[name] for name in FIELDS}
            for thread, counts in after.items()}


class Trace:
    """System calls of a process by thread and name, exactly, while the context is open."""

    def __init__(self, pid, directory):
        self.pid = pid
        self.path = os.path.join(directory, "trace.txt")
        self.calls = {}

    def __enter__(self):
        strace = shutil.which("strace")
        if strace is None:
            raise BenchmarkError("strace is missing; install it: apt-get install strace")
        self.process = subprocess.Popen(
            [strace, "-f", "-qq", "-e", "signal=none", "-s", "0", "-o", self.path,
             "-p", str(self.pid)], stderr=subprocess.PIPE, text=True, start_new_session=True)
        end = time.monotonic() + 10
        while not self._is_attached():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise BenchmarkError(f"strace cannot attach: {self.process.stderr.read().strip()}; "
                                     "run as the same user or root, with ptrace allowed")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        self.calls = collections.defaultdict(collections.Counter)
        with open(self.path) as file:
            for line in file:
                thread, _, call = line.partition(" ")
                name, found, _ = call.strip().partition("(")
                if found and not name.startswith("<"):  # "<... recv resumed>" was counted before
                    self.calls[int(thread)][name] += 1
        os.remove(self.path)

    def _is_attached(self):
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{thread}/status") as file:
                    if "TracerPid:\t0\n" in file.read():
                        return False
            except FileNotFoundError:
                continue  # the thread has just ended
        return True
