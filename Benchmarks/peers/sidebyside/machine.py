"""What the machine tells: processor time, memory and free ports; and how programs are started."""

import json
import os
import resource
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """Something did not run; the text says what to do about it."""


def choose_cores(server=None):
    """(core of the servers, core of everything else): the first two this process may use."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchmarkError("one core only; the load generator needs a core of its own, give two")
    server = cores[0] if server is None else server
    if server not in cores:
        raise BenchmarkError(f"core {server} is not available; choose one of {cores}")
    return server, next(core for core in cores if core != server)


def raise_descriptor_limit(wanted=65_536):
    """Raises the limit of open files as far as this user may; returns what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for ceiling in (max(hard, wanted), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, ceiling), ceiling))
            break
        except (ValueError, OSError):
            continue
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def free_port():
    """A port nobody listens on now. The kernel gives it to nobody else for a while."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build(name, directory, *flags):
    """Compiles NAME.c beside this package into `directory`; returns the program's path."""
    program = os.path.join(directory, os.path.basename(name))
    source = os.path.join(HERE, name + ".c")
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source, *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchmarkError(f"cannot compile {source}; install a C compiler\n{done.stderr}")
    return program


class Program:
    """A program in a process group of its own, pinned to one core, its output in files."""

    def __init__(self, command, core, directory, name, env=None):
        self.name = name
        self.log = os.path.join(directory, name + ".err")
        self.out = os.path.join(directory, name + ".out")
        try:
            with open(self.out, "ab") as out, open(self.log, "ab") as err:
                self.process = subprocess.Popen(
                    ["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=out,
                    stderr=err, start_new_session=True, cwd=directory,
                    env={**os.environ, **(env or {})})
        except FileNotFoundError as error:
            raise BenchmarkError(f"{error.filename} is missing; install it (util-linux)") from error

    @property
    def pid(self):
        return self.process.pid

    def wait_for_port(self, port, seconds=20.0):
        """Returns when the program listens on `port`; raises with its last words if it ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.002)
        raise BenchmarkError(f"{self.name} does not listen on port {port}: {self.last_words()}")

    def last_words(self):
        with open(self.log, "rb") as file:
            return file.read().decode(errors="replace")[-800:].strip() or "it said nothing"

    def stop(self, seconds=10.0):
        """Asks the group to end, then makes it; returns how long it took."""
        start = time.monotonic()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                os.killpg(self.process.pid, number)
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # whoever outlived its parent
        except ProcessLookupError:
            pass
        return time.monotonic() - start


def stat_fields(pid):
    """The fields of /proc/PID/stat from the state on (the name may hold anything)."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()


def family(pid):
    """`pid` and all its living descendants."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = int(stat_fields(entry)[1])
            except (OSError, IndexError):
                continue
    found = [pid]
    for member in found:
        found.extend(child for child, parent in parents.items() if parent == member)
    return found


def processor_time(pids):
    """(user, system) microseconds spent so far by these processes, their threads and the
    children they have waited for. The kernel keeps the sum to the nanosecond and rounds each
    figure to ticks of 10 ms; the split in user and system is sampled."""
    user = system = 0.0
    for pid in pids:
        try:
            fields = stat_fields(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended, and its time is its parent's now
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    return user * TICK_US, system * TICK_US


def busy_time():
    """Microseconds all cores together have been busy so far, or robbed by the host."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK_US


def own_time():
    """Microseconds this program and the programs it has waited for have used so far."""
    return 1e6 * sum(used.ru_utime + used.ru_stime for used in
                     (resource.getrusage(resource.RUSAGE_SELF),
                      resource.getrusage(resource.RUSAGE_CHILDREN)))


class Strangers:
    """Finds out what others did on this machine meanwhile. Figures taken beside a compiler are
    not worth much, above all the 99th percentile."""

    def __init__(self, pids):
        self.pids = pids
        self.start = self._now()

    def share(self):
        """Time others used, as a share of one core, since this was made."""
        busy, own, theirs, clock = (b - a for a, b in zip(self.start, self._now()))
        return max(0.0, busy - own - theirs) / clock

    def _now(self):
        return (busy_time(), own_time(), sum(processor_time(self.pids)), time.monotonic() * 1e6)


def wait_until_quiet(pids, seconds=20.0):
    """Waits until the processes have used no time for a quarter of a second: what they put off
    (log lines in buffers, stores in a queue) belongs to the requests that caused it."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        time.sleep(0.25)
        now = sum(processor_time(pids))
        if now == last:
            return
        last = now


def memory(pids):
    """Bytes of memory. `resident`: all of it. `private`: pages of private mappings (heap, stacks,
    data) no other process has; a mapped cache file is page cache and is not in it."""
    resident = private = 0
    for pid in pids:
        if not os.path.exists(f"/proc/{pid}/smaps"):
            continue
        in_private_mapping = False
        with open(f"/proc/{pid}/smaps") as file:
            for line in file:
                head, _, rest = line.partition(" ")
                if not head.endswith(":"):
                    in_private_mapping = rest[3] == "p"
                elif head == "Rss:":
                    resident += int(rest.split()[0]) * 1024
                elif in_private_mapping and head in ("Private_Clean:", "Private_Dirty:"):
                    private += int(rest.split()[0]) * 1024
    return {"resident": resident, "private": private}


def describe():
    """Where the figures come from, for the report."""
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as file:
        total = int(file.readline().split()[1]) // 1024
    return {"processor": model, "cores": os.cpu_count(), "memory_mib": total,
            "kernel": os.uname().release,
            "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def load_json(path):
    with open(path) as file:
        return json.load(file)


def save_json(path, value):
    with open(path, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
