# SPDX-License-Identifier: MIT
"""The private directory of a run's Ray, and the processes that belong to it.

Ray makes its directory, and all in it, readable and writable by everybody.  So it is put inside a directory that nobody
else may enter.

A run and its child hold a lock on the outer one, which the kernel takes back however they end; so a directory that
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

from sweep.errors import RunError
from sweep.jobs.executors.trust import keeps_entries

PREFIX = "sweep-ray-"
OF_RAY = "r"  # name of Ray's own directory in ours
# Ray's longest socket, under the root in which our directory is made; AF_UNIX allows 107 bytes.
SOCKET = f"/{PREFIX}12345678/{OF_RAY}/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
ROOT_BYTES = 107 - len(SOCKET)
KILL_S = 2.0  # the longest wait for killed processes: one that waits for a disk may take longer, and is left
PROC = Path("/proc")


class Directory:
    """A directory of mode 0700, locked by this process, with another in it, `of_ray`, that Ray makes.

    Under TMPDIR, unless that is too long for a socket or others could put another directory in its place: then under
    /tmp, /var/tmp or XDG_RUNTIME_DIR.  Raises RunError if it can be made in none of them.
    """

    def __init__(self) -> None:
        root = _root()
        for left in root.glob(f"{PREFIX}*"):
            _clear(left)
        while True:
            try:
                self.path = tempfile.mkdtemp(prefix=PREFIX, dir=root)
            except OSError as error:
                raise RunError(_no_directory(f'"{root}": {error.strerror}')) from error
            self.lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            if os.path.isdir(self.path):  # nobody took it for one that was left before it was locked
                return
            os.close(self.lock)

    @property
    def of_ray(self) -> str:
        return os.path.join(self.path, OF_RAY)

    def remove(self) -> None:
        """Remove the directory and all in it, and release its lock; called once."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def _root() -> Path:
    """The directory in which ours is made.  Raises RunError."""
    refused = []
    try:
        temp_dir = tempfile.gettempdir()
    except OSError as error:  # which names all that Python has tried
        raise RunError(_no_directory(error.strerror or str(error))) from error
    for name in dict.fromkeys(filter(None, (temp_dir, "/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR")))):
        root = os.path.realpath(name)
        if not os.access(root, os.W_OK | os.X_OK):
            refused.append(f'"{name}" cannot be written')
        elif len(os.fsencode(root)) > ROOT_BYTES:
            refused.append(f'"{name}" is longer than {ROOT_BYTES} bytes')
        elif not keeps_entries(root):
            refused.append(f'in "{name}" other users may rename what is ours')
        else:
            return Path(root)
    raise RunError(_no_directory("; ".join(refused)))


def _no_directory(why: str) -> str:
    return (
        f"local Ray has no place for its sockets and logs: {why}\n"
        "  next: set TMPDIR to a short directory of your own, or add --executor inline, which needs no Ray"
    )


def end_processes(directory: str, session: int = -1) -> None:
    """Kill every process of `session`, or with a file open under `directory`, or told to use it, but for this one.

    Waits until they are gone, but not for ever: a process that waits for a disk cannot be killed.
    """
    deadline = time.monotonic() + KILL_S
    ending = set[int]()  # one that has closed its files already is not found again, and is still there
    while True:
        ending.update(found := _processes(directory, session))
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if all(_session(pid) is None for pid in ending) or time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _processes(directory: str, session: int) -> list[int]:
    within = directory + os.sep
    others = (int(path.name) for path in PROC.glob("[0-9]*") if path.name != str(os.getpid()))
    return [
        pid
        for pid in others
        if _session(pid) == session or (_is_ours(pid) and (_has_open(pid, within) or _is_told(pid, directory)))
    ]


def _is_ours(pid: int) -> bool:
    """Whether process `pid` belongs to this user: root could end the processes of others, too."""
    try:
        return (PROC / str(pid)).stat().st_uid == os.geteuid()
    except OSError:
        return False


def _session(pid: int) -> int | None:
    """Session id of process `pid`; None if it is gone or a zombie."""
    try:
        process_state, _, _, session = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return None
    return None if process_state == "Z" else int(session)


def _has_open(pid: int, within: str) -> bool:
    """Whether process `pid` has a file open whose path starts with `within`."""
    with suppress(OSError):
        folder = PROC / str(pid) / "fd"
        for descriptor in os.listdir(folder):
            with suppress(OSError):
                if os.readlink(folder / descriptor).startswith(within):
                    return True
    return False


def _is_told(pid: int, directory: str) -> bool:
    """Whether process `pid` has the directory as its TMPDIR: a worker that starts has nothing open there yet."""
    with suppress(OSError):
        return f"TMPDIR={directory}".encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return False


def _clear(left: Path) -> None:
    """Remove a directory of this user, and end its processes, if no run holds it.

    Anybody may make something of such a name: what is not a directory, or another user's, is left alone.
    """
    try:
        lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if os.fstat(lock).st_uid != os.geteuid():
            return
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        end_processes(str(left))
        shutil.rmtree(left, ignore_errors=True)
    except OSError:  # a run holds it
        pass
    finally:
        os.close(lock)
