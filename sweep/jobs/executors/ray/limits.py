# SPDX-License-Identifier: MIT
"""What bounds processes and memory here, for a message: limits of this process, and the pids of its container.

A thread counts as a process, and takes address space.  Where a bound is met Ray's C++ aborts, often without a word.
"""

from __future__ import annotations

import resource
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OF_PROCESS = (
    ("ulimit -v", resource.RLIMIT_AS, 1024),
    ("ulimit -u", resource.RLIMIT_NPROC, 1),
    ("ulimit -n", resource.RLIMIT_NOFILE, 1),
)


def described() -> str:
    """All that there are, in words; "" if there are none."""
    soft = ((name, resource.getrlimit(what)[0], unit) for name, what, unit in OF_PROCESS)
    found = [f"{name} is {limit // unit}" for name, limit, unit in soft if limit != resource.RLIM_INFINITY]
    pids = [f"the pids limit of this container is {limit}" for limit in [pids_limit()[0]] if limit is not None]
    return ", ".join(found + pids)


def pids_limit() -> tuple[int | None, bool]:
    """How many processes and threads the control group of this one may have, and whether it was refused one."""
    lowest, refused = None, False
    for folder in _folders():
        try:
            text = (folder / "pids.max").read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            lowest = min(int(text), int(text) if lowest is None else lowest)
            refused |= _refused(folder)
    return lowest, refused


def _refused(folder: Path) -> bool:
    try:
        return (folder / "pids.events").read_text().split()[-1] != "0"  # "max 12": refused twelve times
    except (OSError, IndexError):
        return False


def _folders() -> list[Path]:
    """Of the control group and of those that it is in, of version 2 and of the pids of version 1."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "pids"):
            root = GROUPS / controllers
            folder = root / path.lstrip("/")
            found += [each for each in (folder, *folder.parents) if each == root or root in each.parents]
    return found
