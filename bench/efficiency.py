# SPDX-License-Identifier: MIT
"""`python -m bench.efficiency`: the share of the paid core time of a long sweep that is simulated, told twice.

Once by the run itself (`run.json`), and once from outside: this process watches the workers in /proc and adds up the
CPU time that they used.  A run cannot claim more seconds of simulation than its workers were on a core or waited for
one, nor more paid time than there were cores times seconds.  A short run before it says how many replicates fill the
time, and has the kernels compiled.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SWEEP_FILE = Path(__file__).parent / "efficiency.yaml"
REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = 0.95
PILOT_REPLICATES = 8
MARGIN = 1.1  # a machine that is quieter than during the pilot must be kept busy as well
LOOK_EVERY_S = 0.25
MARK = "SWEEP_BENCH_MARK"
AGENTS = (b"ray::DashboardAgent", b"ray::RuntimeEnvAgent")


class Used(NamedTuple):
    """What the workers used, as the kernel of the machine counts it."""

    cpu_s: float  # user and system, all threads
    runnable_s: float  # on a core or waiting for one, the thread that simulates


@dataclass(frozen=True)
class Measured:
    """A run, by its own account and from outside."""

    workers: int
    wall_s: float  # from the start of its process to its end
    used: Used
    note: dict[str, Any]  # run.json
    said: str

    @property
    def seconds(self) -> dict[str, float]:
        """The run's own account."""
        return {name: float(value) for name, value in self.note["seconds"].items()}

    @property
    def own_share(self) -> float:
        return self.seconds["simulate"] / self.seconds["paid"]

    @property
    def outside_share(self) -> float:
        """CPU time of the workers over cores times the seconds for which the run held them."""
        return self.used.cpu_s / (self.workers * self.seconds["elapsed"])

    @property
    def whole_share(self) -> float:
        """The same over all of the wall time: starting Python and Ray, and ending them, too."""
        return self.used.cpu_s / (self.workers * self.wall_s)


def measure(directory: Path, *, replicates: int, workers: int) -> Measured:
    """Run the sweep into `directory` on local Ray and watch it.  Raises RuntimeError if it fails."""
    mark = secrets.token_hex(8)
    command = [sys.executable, "-m", "sweep", "run", str(SWEEP_FILE), "--out", str(directory), "--no-report"]
    command += ["--workers", str(workers), "--set", f"replicates={replicates}"]
    environment = {**os.environ, MARK: mark, "PYTHONPATH": str(REPOSITORY)}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            used: dict[int, Used] = {}
            while process.poll() is None:
                used |= _workers(f"{MARK}={mark}".encode())
                time.sleep(LOOK_EVERY_S)
        finally:
            process.terminate()
            process.wait()
        wall_s = time.perf_counter() - start
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}\n{text}")
    note = json.loads((directory / "run.json").read_text())
    return Measured(workers, wall_s, Used(*map(sum, zip(*used.values(), strict=True))), note, text)


def _workers(mark: bytes) -> dict[int, Used]:
    """What each Ray worker that carries the mark has used so far."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
            if not name.startswith(b"ray::") or name.startswith(AGENTS):
                continue
            if mark not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
            running_ns, waiting_ns, _ = map(int, (folder / "schedstat").read_text().split())
        except OSError:  # gone meanwhile
            continue
        cpu_s = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        found[int(folder.name)] = Used(cpu_s, (running_ns + waiting_ns) / 1e9)
    return found


def replicates_for(seconds: float, pilot: Measured) -> int:
    """How many fill so many seconds, by what the pilot took."""
    each_s = pilot.seconds["simulate"] / PILOT_REPLICATES
    return math.ceil(MARGIN * seconds * pilot.workers / each_s)


def text(measured: Measured) -> str:
    """For people."""
    seconds, cores = measured.seconds, measured.workers
    verdict = "held" if min(measured.own_share, measured.outside_share) >= TARGET else "missed"
    return "\n".join(
        [
            f"a sweep of {seconds['elapsed']:.0f} s on {cores} cores ({measured.wall_s:.0f} s with start and end)",
            f"  its own account   {100 * measured.own_share:5.1f} %   "
            f"{seconds['simulate']:.1f} of {seconds['paid']:.1f} core-seconds simulated",
            f"  from outside      {100 * measured.outside_share:5.1f} %   "
            f"{measured.used.cpu_s:.1f} s of CPU time in {cores} × {seconds['elapsed']:.1f} s; "
            f"{100 * measured.whole_share:.1f} % of all {cores} × {measured.wall_s:.1f} s",
            f"  target            {100 * TARGET:5.1f} %   {verdict}",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.efficiency", description="Share of the core time of a long sweep that is simulated."
    )
    parser.add_argument("--seconds", type=float, default=300, help="how long the sweep takes at least (default 300)")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sweep-efficiency-") as scratch:
        pilot = measure(Path(scratch, "pilot"), replicates=PILOT_REPLICATES, workers=options.workers)
        replicates = replicates_for(options.seconds, pilot)
        print(f"{replicates} replicates, about {MARGIN * options.seconds:.0f} s", flush=True)
        measured = measure(Path(scratch, "run"), replicates=replicates, workers=options.workers)
    print(measured.said.strip())
    print(text(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
