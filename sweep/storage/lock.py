# SPDX-License-Identifier: MIT
"""One writer on a disk: `flock` on the file `lock`, and a file beside it that describes the holder.

The lock file is opened and never written to: it may be a hard link to somebody else's file.  The kernel releases a lock
however its process ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress

from sweep.errors import IncompleteError

from . import atomic, beneath, errors, holder
from .files import HOLDER, LOCK

LOCK_TIMEOUT_S = 0.5  # asking for the holder takes the lock for a moment, which a writer must not take for a writer
HOLDER_BYTES = 2000  # read of the description of the holder; a command line is shortened to a tenth of that


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


def write_holder(folder: int) -> None:
    """Write down that this process has the lock.  Raises OSError."""
    with atomic.file(folder, HOLDER) as file:
        file.write(f"{holder.this_process()}\n".encode(errors="backslashreplace"))


def remove_holder(folder: int) -> None:
    """Remove what `write_holder` wrote; errors are ignored."""
    with suppress(OSError):
        os.unlink(HOLDER, dir_fd=folder)


def holder_of(folder: int) -> str | None:
    """The holder of the lock, for people; None if nobody has it.  Changes nothing.  Raises OSError if unknown."""
    lock = beneath.opened(folder, LOCK, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder_text(folder) or "a process that is just starting"
    finally:
        os.close(lock)
    return None


def _take(lock: int, folder: int, shown: str) -> None:
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
        except OSError as error:
            raise errors.disk_error(error, f'run directory "{shown}"', "locked") from error
        raise IncompleteError(
            f'run directory "{shown}" is being written by another process: {_holder_text(folder)}\n'
            "  next: wait for it to end, or give --out another directory"
        )


def _holder_text(folder: int) -> str:
    """The holder's description of itself; an earlier version of sweep wrote it into the lock file."""
    for name in (HOLDER, LOCK):
        with suppress(OSError):
            file = beneath.opened(folder, name, os.O_RDONLY)
            try:
                text = holder.shown_holder(os.read(file, HOLDER_BYTES))
            finally:
                os.close(file)
            if text:
                return text
    return ""
