"""Wall time, CPU time and peak memory of a command with all its processes."""
import os
import resource
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

EVERY_S = 0.004


@dataclass
class Cost:
    wall: float  # seconds
    cpu: float   # seconds of user and system, all processes that were waited for
    pss: int     # bytes: peak of the sum of proportional set sizes (shared pages divided among those who share them)
    rss: int     # bytes: peak of the sum of resident set sizes (shared pages counted for each)


def _tree(pid):
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                for child in f.read().split():
                    found += _tree(int(child))
    except OSError:
        pass
    return found


def _sizes(pid):
    """(PSS, RSS) in bytes."""
    pss = rss = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    pss = int(line.split()[1]) * 1024
                elif line.startswith("Rss:"):
                    rss = int(line.split()[1]) * 1024
    except OSError:
        pass
    return pss, rss


class _Watch(threading.Thread):
    """Samples the process tree. A peak that lasts less than a few milliseconds may be missed: for us as for the others."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.pss, self.rss = pid, 0, 0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            sizes = [_sizes(p) for p in _tree(self.pid)]
            self.pss = max(self.pss, sum(s[0] for s in sizes))
            self.rss = max(self.rss, sum(s[1] for s in sizes))
            self.over.wait(EVERY_S)


def run(argv, env=None, cwd=None, memory=False, check=True):
    """Runs a command and returns its Cost. Memory is sampled on request only: sampling costs time."""
    with tempfile.TemporaryFile() as out:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        process = subprocess.Popen([str(a) for a in argv], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT)
        watch = _Watch(process.pid) if memory else None
        if watch:
            watch.start()
        status = process.wait()
        wall = time.perf_counter() - begin
        if watch:
            watch.over.set()
            watch.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if check and status != 0:
            out.seek(0)
            text = out.read().decode(errors="replace")[-3000:]
            raise RuntimeError(f"{' '.join(map(str, argv))}\nexit {status}\n{text}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, watch.pss if watch else 0, watch.rss if watch else 0)


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown processor")
    return f"{os.cpu_count()} x {model}"
