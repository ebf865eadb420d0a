# SPDX-License-Identifier: MIT
"""Starting local Ray: its needs are checked before, and while it starts it is watched for having become unable to.

Left to itself Ray waits for half a minute or more for processes that have died already, or for a network that is not
there.  A start that is only slow goes on: as long as any process of it runs, waits for a core or waits for a disk.

Source: Ray 2.60 on two cores takes 6 to 9 s, 25 s with three other programs on each, and uses a core or more all that
time, waiting for one counted.  One that can get no further uses 0.02 to 0.16 of a core.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TextIO

from sweep.errors import RunError

from .causes import cannot_start, cause, is_known, logs
from .directory import OF_RAY
from .limits import described
from .messages import Setup

STORE_BYTES = 256 << 20  # of Ray's object store: a plan and the parts in flight are a few megabytes
LOGS_BYTES = 16 << 20  # of its logs; a run of an hour writes a few megabytes
SHARED_MEMORY = "/dev/shm"
CONNECT_S = 2.0
LOOK_S = 0.4  # a child that has ended and was not waited for in so long is not waited for at all
IDLE_S, IDLE_SHARE = 8.0, 0.4  # a start that has used so little of a core for so long gets no further
PROC = Path("/proc")
ZOMBIE, DISK_WAIT = "Z", "D"  # states of a process: it has ended, it waits for a disk
SERVERS = ("gcs_server", "raylet")  # that have names; the others are called python
EXIT_CODE = 49  # its place in /proc/PID/stat after the name


class CannotStartError(Exception):
    """Local Ray cannot start; the text says why, in one line."""


class Death(NamedTuple):
    """A process that has ended; `status` is as `os.wait` gives it."""

    pid: int
    name: str
    status: int

    def __str__(self) -> str:
        service = f"its {self.name}" if self.name in SERVERS else "one of its services"
        if os.WIFSIGNALED(self.status):
            by = signal.Signals(os.WTERMSIG(self.status)).name
            return f"{service} was ended by {by}{', by somebody or for want of memory' if self.killed else ''}"
        return f"{service} has ended with exit code {os.waitstatus_to_exitcode(self.status)}"

    @property
    def killed(self) -> bool:
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL


class StartFailure(NamedTuple):
    """Why a start cannot succeed any more."""

    what: str
    killed: bool  # by SIGKILL: by somebody, or because memory was short


def check_loopback() -> None:
    """Raises CannotStartError if processes of this machine cannot reach each other."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()[:2], CONNECT_S).close()
    except OSError as error:
        system_message = error.strerror or str(error)
        why = f"127.0.0.1 cannot be reached ({system_message}): is the loopback interface up (ip link set lo up)?"
        raise CannotStartError(why) from error


def store_folder(directory: str) -> str:
    """Folder for Ray's object store: shared memory, or `directory` if that has no room.  Raises CannotStartError."""
    if lacking := _lacks(directory, LOGS_BYTES):
        raise CannotStartError(f"its logs need {LOGS_BYTES >> 20} MiB, and {lacking} (TMPDIR)")
    reasons = []
    for folder in (SHARED_MEMORY, directory):
        lacking = _lacks(folder, STORE_BYTES)
        if not lacking:
            return folder
        reasons.append(lacking)
    raise CannotStartError(f"its objects need {STORE_BYTES >> 20} MiB, and {' and '.join(reasons)}")


def _lacks(folder: str, wanted: int) -> str:
    """Why `folder` cannot take `wanted` bytes; "" if it can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = os.statvfs(folder)
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror})"
    bytes_free = free.f_bavail * free.f_frsize
    return f"{folder} has {bytes_free >> 20} MiB free" if bytes_free < wanted else ""


def start(setup: Setup, start_ray: Callable[[int, str, str], None]) -> None:
    """Start local Ray, in the process that it is to live in.  Raises RunError.

    start_ray: takes the number of workers, Ray's directory and the folder of its objects.
    """
    directory = os.path.join(setup.directory, OF_RAY)
    try:
        start_ray(setup.workers, directory, setup.objects)
    except Exception as error:
        traceback.print_exc()
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise RunError(cannot_start(reason(directory, first_line, sys.stderr), setup.log)) from error


def reason(directory: str, what: str, log: TextIO) -> str:
    """A line on what happened (`message`) and why, from the logs in Ray's directory, which are copied to `log`."""
    session_logs = logs(directory)
    for name, text in session_logs:
        print(f"--- {name}\n{text}", file=log, flush=True)
    if is_known(what):
        return cause([what])
    why = cause(text for _, text in session_logs)
    return f"{what}: {why or f'no word of why; {described()}'}"


def dead_children(parent: int) -> list[Death]:
    """Zombie children of process `parent`: they have ended, and it has not waited for them."""
    dead = []
    for process in PROC.glob("[0-9]*"):
        try:
            name, _, after_name = (process / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:  # gone meanwhile
            continue
        fields = after_name.split()
        if fields[0] == ZOMBIE and int(fields[1]) == parent:
            dead.append(Death(int(process.name), name, int(fields[EXIT_CODE])))
    return dead


class StartWatch:
    """One start of local Ray, seen from outside the process that it lives in, where Ray may hold up all threads.

    That process leads a session of its own.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._deaths: set[Death] = set()
        self._looked = self._since = time.monotonic()
        self._used_s = 0.0

    def look(self) -> StartFailure | None:
        """Why Ray cannot start any more; None if it still may."""
        if time.monotonic() - self._looked < LOOK_S:
            return None
        self._looked = time.monotonic()
        seen_before, self._deaths = self._deaths, set(dead_children(self._process))
        for death in seen_before & self._deaths:  # seen twice: nobody waits for it
            return StartFailure(str(death), death.killed)
        if self._idle_s() > IDLE_S:
            return StartFailure(f"its processes have waited for each other for {IDLE_S:.0f} s", False)
        return None

    def _idle_s(self) -> float:
        """Seconds for which the processes have hardly run, and waited for neither a core nor a disk."""
        (used_s, waits_for_disk), now = session_use(self._process), time.monotonic()
        if waits_for_disk or abs(used_s - self._used_s) > IDLE_SHARE * IDLE_S:  # less: one has ended
            self._since, self._used_s = now, used_s
        return now - self._since


def session_use(session: int) -> tuple[float, bool]:
    """Seconds that the threads of a session have run or waited for a core, and whether one waits for a disk."""
    used_ns, waits_for_disk = 0, False
    for process in PROC.glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) != session:
                continue
            for thread in (process / "task").iterdir():
                ran_ns, waited_ns, _ = (thread / "schedstat").read_text().split()
                used_ns += int(ran_ns) + int(waited_ns)
                waits_for_disk |= (thread / "stat").read_text().rpartition(")")[2].split()[0] == DISK_WAIT
        except (OSError, ValueError, IndexError):  # gone meanwhile
            continue
    return used_ns / 1e9, waits_for_disk
