"""What a process costs, as the kernel counts it: CPU in nanoseconds, by thread too, and memory.

CPU is that of the process's own threads, also of those that have ended; waits are no part of it.
"""

import os
import pathlib
import re
import time

QUIET_S, QUIET_SHARE, QUIET_LIMIT_S = 0.03, 0.05, 60


class Gauge:
    def __init__(self, pid):
        self.pid, self.folder = pid, pathlib.Path(f"/proc/{pid}")
        self._clock = (~pid << 3) | 2  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)

    def cpu_ns(self):
        return time.clock_gettime_ns(self._clock)

    def threads_ns(self):
        """Thread id -> (name, nanoseconds on a CPU)."""
        found = {}
        for task in (self.folder / "task").iterdir():
            try:
                name = (task / "comm").read_text().strip()
                found[task.name] = (name, int((task / "schedstat").read_text().split()[0]))
            except OSError:  # it has ended meanwhile
                continue
        return found

    def _status(self, field):
        found = re.search(rf"^{field}:\s+(\d+)", (self.folder / "status").read_text(), re.M)
        if not found:
            raise ProcessLookupError(f"process {self.pid} has ended")
        return int(found[1])

    def resident(self):
        return self._status("VmRSS") * 1024

    def peak(self):
        return self._status("VmHWM") * 1024

    def forget_peak(self):
        (self.folder / "clear_refs").write_text("5")

    def descriptors(self):
        return len(os.listdir(self.folder / "fd"))

    def settle(self, limit_s=QUIET_LIMIT_S):
        """Until the process has next to nothing to do."""
        deadline = time.monotonic() + limit_s
        quiet = 0
        while quiet < 3 and time.monotonic() < deadline:
            before, begin = self.cpu_ns(), time.monotonic_ns()
            time.sleep(QUIET_S)
            busy = self.cpu_ns() - before > QUIET_SHARE * (time.monotonic_ns() - begin)
            quiet = 0 if busy else quiet + 1


class Spent:
    """CPU between two moments: of the process, and of the thread that had most of it."""

    def __init__(self, gauge):
        self.gauge, self.before, self.threads = gauge, gauge.cpu_ns(), gauge.threads_ns()

    def so_far(self):
        """(process, busiest thread, {thread name: ns})"""
        whole, names, most = self.gauge.cpu_ns() - self.before, {}, 0
        for thread, (name, spent) in self.gauge.threads_ns().items():
            spent -= self.threads.get(thread, (name, 0))[1]
            names[name] = names.get(name, 0) + spent
            most = max(most, spent)
        return whole, most, names
