# SPDX-License-Identifier: MIT
"""One writer on a disk: `flock` on the file `lock`, and beside it who has it, in words.

The lock is opened and never written to: under its name may lie a file that has another name elsewhere, and is
somebody's.  The kernel lets go of a lock however its process ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress

from sweep.errors import IncompleteError

from . import aside, beneath, holder, troubles
from .files import HOLDER, LOCK

PATIENCE_S = 0.5  # whoever asks for the holder takes the lock for a moment; a writer does not take that for another one
HOLDER_BYTES = 2000  # at most, of who has the lock: a command line is shortened to a tenth of that


def take(folder: int, shown: str) -> int:
    """A descriptor of the lock, held until it is closed; `folder` is a descriptor of the run directory.

    Raises IncompleteError, which says who has it; RunError where the file system has no locks; OSError.
    """
    lock = beneath.opened(folder, LOCK, os.O_RDWR | os.O_CREAT)
    try:
        _take(lock, folder, shown)
    except BaseException:
        os.close(lock)
        raise
    return lock


def say(folder: int) -> None:
    """Say that this process has the lock.  Raises OSError."""
    with aside.file(folder, HOLDER) as words:
        words.write(f"{holder.myself()}\n".encode(errors="backslashreplace"))


def unsay(folder: int) -> None:
    """The contrary; a disk that is gone does not matter."""
    with suppress(OSError):
        os.unlink(HOLDER, dir_fd=folder)


def held_by(folder: int) -> str | None:
    """Who has the lock, in words; None if nobody has it.  Changes nothing.  Raises OSError if it cannot be known."""
    lock = beneath.opened(folder, LOCK, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _words(folder) or "a process that is just starting"
    finally:
        os.close(lock)
    return None


def _take(lock: int, folder: int, shown: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
        except OSError as error:
            raise troubles.disk(error, f'run directory "{shown}"', "locked") from error
        raise IncompleteError(
            f'run directory "{shown}" is being written by another process: {_words(folder)}\n'
            "  next: wait for it to end, or give --out another directory"
        )


def _words(folder: int) -> str:
    """Who has the lock, as it says itself; an earlier version of sweep said so in the lock."""
    for name in (HOLDER, LOCK):
        with suppress(OSError):
            file = beneath.opened(folder, name, os.O_RDONLY)
            try:
                words = holder.told(os.read(file, HOLDER_BYTES))
            finally:
                os.close(file)
            if words:
                return words
    return ""
