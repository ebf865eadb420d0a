# SPDX-License-Identifier: MIT
"""What this machine and the control groups of this process allow, version 1 and 2: memory, processors, threads.

A container sees its own group as the root of a mount, a service deep in a tree; either version may be mounted anywhere,
and both at once.  So the mounts are read from /proc, and each is asked for the group that this process is in.

Not modelled: limits of groups above the mount, which a container cannot see; version 1 sums them up for memory
(`hierarchical_memory_limit`).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

OWN = Path("/proc/self")


class Mount(NamedTuple):
    """A mounted tree of groups."""

    controllers: frozenset[str]  # of version 1; empty for version 2
    root: str  # the group that is mounted
    point: Path


def machine_bytes() -> int:
    """Memory of the machine, bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def node_bytes() -> int:
    """Memory that processes here may use, bytes: the machine's, or the least limit of this process's control groups."""
    return min([machine_bytes(), *memory_bytes()])


def memory_bytes(process: Path = OWN) -> Iterator[int]:
    """Memory limits of this process's control groups, bytes; yields nothing without a limit."""
    for group in _groups(process, "memory"):
        for name in ("memory.limit_in_bytes", "memory.max", "memory.high"):
            yield from _numbers(group / name)
        with suppress(OSError, ValueError):
            fields = (group / "memory.stat").read_text().split()
            yield int(fields[fields.index("hierarchical_memory_limit") + 1])


def processors(process: Path = OWN) -> Iterator[float]:
    """Processor quotas of this process's control groups, in processors; yields nothing without a quota."""
    for group in _groups(process, "cpu"):
        for quota in _numbers(group / "cpu.cfs_quota_us"):
            for period in _numbers(group / "cpu.cfs_period_us"):
                if quota > 0 and period > 0:  # a quota of -1 is none
                    yield quota / period
        with suppress(OSError, ValueError):
            quota_us, period_us = (group / "cpu.max").read_text().split()
            if int(quota_us) > 0 and int(period_us) > 0:
                yield int(quota_us) / int(period_us)


def tasks_left(process: Path = OWN) -> Iterator[int]:
    """How many more threads each control group lets start; yields nothing without a limit."""
    for group in _groups(process, "pids"):
        for limit in _numbers(group / "pids.max"):
            yield max(0, limit - max(_numbers(group / "pids.current"), default=0))


def _groups(process: Path, controller: str) -> Iterator[Path]:
    """The folder of the group of `process` that has `controller`, and those of the groups above it."""
    with suppress(OSError, ValueError):  # ValueError: not what proc_pid_cgroup(5) says
        mounts = list(_mounts(process))
        for line in (process / "cgroup").read_text().splitlines():
            _, controller_list, path = line.split(":", 2)
            controllers = frozenset(filter(None, controller_list.split(",")))
            if controllers and controller not in controllers:
                continue
            for mount in mounts:
                if bool(controllers) == bool(mount.controllers) and (
                    not controllers or controller in mount.controllers
                ):
                    yield from _upward(mount, path)


def _upward(mount: Mount, path: str) -> Iterator[Path]:
    """The folder of group `path` in a mount, and those above it; the mounted one alone if it is outside."""
    within = path.removeprefix(mount.root.rstrip("/")).strip("/")
    if ".." in within.split("/") or not f"{path.rstrip('/')}/".startswith(f"{mount.root.rstrip('/')}/"):
        within = ""
    group = mount.point / within
    yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(mount.point))


def _mounts(process: Path) -> Iterator[Mount]:
    """The mounted control group trees, from /proc/PID/mountinfo (proc_pid_mountinfo(5)).  Raises OSError."""
    for line in (process / "mountinfo").read_text().splitlines():
        mount_fields_text, _, filesystem_fields_text = line.partition(" - ")
        mount_fields, filesystem_fields = mount_fields_text.split(), filesystem_fields_text.split()
        if len(mount_fields) > 4 and len(filesystem_fields) > 2 and filesystem_fields[0] in ("cgroup", "cgroup2"):
            controllers = (
                frozenset(filesystem_fields[2].split(",")) if filesystem_fields[0] == "cgroup" else frozenset()
            )
            yield Mount(controllers, _unescaped(mount_fields[3]), Path(_unescaped(mount_fields[4])))


def _unescaped(text: str) -> str:
    """A path of mountinfo, where blanks and the like are octal."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def _numbers(file: Path) -> Iterator[int]:
    """The number in a file; nothing if there is none: it is not there, or says "max"."""
    with suppress(OSError, ValueError):
        yield int(file.read_text())


def whole_processors(quotas: Iterator[float]) -> int | None:
    """Number of workers for the least of the quotas: a fraction of a processor counts as one; None without a quota."""
    least = min(quotas, default=None)
    return None if least is None else max(1, math.ceil(least))
