# SPDX-License-Identifier: MIT
"""The processes of a test: all that inherited its mark in their environment, whatever session or parent they have."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

NAME = "SWEEP_FAULTS_MARK"
AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")  # of a node; no worker


class Process(NamedTuple):
    """One that is alive."""

    pid: int
    words: tuple[str, ...]  # its command line

    @property
    def kind(self) -> str:
        """worker, raylet, gcs, child (the process that speaks Ray for the driver), or other."""
        program = Path(self.words[0]).name if self.words else ""
        if program.startswith("ray::"):
            return "other" if self.words[0].startswith(AGENTS) else "worker"
        if any(word.endswith(("ray_process.py", "sweep.jobs.executors.ray.process")) for word in self.words):
            return "child"
        return {"gcs_server": "gcs", "raylet": "raylet"}.get(program, "other")

    def cpu_s(self) -> float:
        """User and system time so far; 0 if it has gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Mark:
    """A mark of its own; whoever is at a certain directory counts as well, because some overwrite their environment."""

    def __init__(self, name: str = NAME, at: Path | None = None) -> None:
        self.environment = {name: secrets.token_hex(8)}
        self._at = str(at) if at else None
        self._entry = "=".join(*self.environment.items()).encode()

    def processes(self, kind: str | None = None) -> list[Process]:
        """Those that carry the mark, zombies excepted; of one kind if it is given."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                marked = self._entry in (folder / "environ").read_bytes().split(b"\0")
                if marked or os.readlink(folder / "cwd") == self._at:
                    words = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
                    found.append(Process(int(folder.name), tuple(words)))
            except OSError:  # gone meanwhile
                continue
        return [process for process in found if kind in (None, process.kind)]

    def gone(self, timeout_s: float) -> bool:
        """Wait until none is left."""
        return wait_for(lambda: not self.processes(), timeout_s)

    def end(self) -> None:
        """Kill all, and those that they started meanwhile."""
        for _ in range(100):
            left = self.processes()
            if not left:
                return
            for process in left:
                kill(process.pid)
            time.sleep(0.05)


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process that may have gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_for(true: Callable[[], object], timeout_s: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())
