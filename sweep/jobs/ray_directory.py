# SPDX-License-Identifier: MIT
"""The private directory of a run's Ray, and the processes that belong to it.

A run and its child hold a lock on the directory, which the kernel takes back however they end; so a directory that
can be locked was left by a run that was killed.  Every process of Ray keeps its log open in the directory, which is
how it is found: its session may be gone, and Ray's agents overwrite their environment and command line.

Not modelled: systems without /proc; there Ray's own habit of ending with its driver has to do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "sweep-ray-"
SOCKET_PATH_BYTES = 40  # longest temporary directory under which Ray's sockets stay below the 107 of AF_UNIX
KILL_S = 0.4  # a killed process is gone at once, unless it waits for a disk
PROC = Path("/proc")


class Directory:
    """A directory of mode 0700, under TMPDIR unless that is too long for a socket, locked by this process."""

    def __init__(self) -> None:
        root = Path(tempfile.gettempdir())
        if len(os.fsencode(root)) > SOCKET_PATH_BYTES:
            root = Path("/tmp")
        for left in root.glob(f"{PREFIX}*"):
            _clear(left)
        while True:
            self.path = tempfile.mkdtemp(prefix=PREFIX, dir=root)
            self.lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            if os.path.isdir(self.path):  # nobody took it for one that was left before it was locked
                return
            os.close(self.lock)

    def remove(self) -> None:
        """Remove it and all in it; once."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def end_processes(directory: str, session: int = -1) -> None:
    """Kill every process of `session`, or with a file open under `directory`, but for this one.

    Waits until they are gone, but not for ever: a process that waits for a disk cannot be killed.
    """
    deadline = time.monotonic() + KILL_S
    while (found := _processes(directory, session)) and time.monotonic() < deadline:
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes(directory: str, session: int) -> list[int]:
    within = directory + os.sep
    others = (int(path.name) for path in PROC.glob("[0-9]*") if path.name != str(os.getpid()))
    return [pid for pid in others if _session(pid) == session or _has_open(pid, within)]


def _session(pid: int) -> int | None:
    """Its session; None if it is gone or a zombie."""
    try:
        state, _, _, session = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return None
    return None if state == "Z" else int(session)


def _has_open(pid: int, within: str) -> bool:
    """Whether a file that it has open has a name that starts with `within`.  False for processes of other users."""
    with suppress(OSError):
        folder = PROC / str(pid) / "fd"
        for descriptor in os.listdir(folder):
            with suppress(OSError):
                if os.readlink(folder / descriptor).startswith(within):
                    return True
    return False


def _clear(left: Path) -> None:
    """Remove a directory, and end its processes, if no run holds it."""
    try:
        lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # another user's, or gone
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        end_processes(str(left))
        shutil.rmtree(left, ignore_errors=True)
    except OSError:  # a run holds it
        pass
    finally:
        os.close(lock)
