# SPDX-License-Identifier: MIT
"""Looking at processes: descendants, their names, the addresses that they listen on."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

LISTEN = "0A"  # state of a listening socket in /proc/net/tcp
T = TypeVar("T")


def parents() -> dict[int, int]:
    """Parent of every process that is not a zombie."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1])
    return found


def descendants(root: int | None = None) -> set[int]:
    """Of this process, or of `root`."""
    known = parents()
    found: set[int] = set()
    while new := {pid for pid, parent in known.items() if parent in found | {root or os.getpid()}} - found:
        found |= new
    return found


def alive(pids: Iterable[int]) -> set[int]:
    return set(pids) & parents().keys()


def command_line(pid: int) -> str:
    """Its words, each but the last with a NUL after it; "" if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def named(start: str, root: int | None = None) -> set[int]:
    """Descendants whose command line starts with `start`, or has it as the last part of its first word."""
    found = set()
    for pid in descendants(root):
        line = command_line(pid)
        if line.startswith(start) or line.split("\0")[0].endswith(f"/{start}"):
            found.add(pid)
    return found


def ray_process() -> int:
    """The far end of this process's executor: a child, whose own have its name until they have one of theirs."""
    children = {pid for pid, parent in parents().items() if parent == os.getpid()}
    (found,) = {pid for pid in children if "sweep.jobs.executors.ray.process" in command_line(pid).split("\0")}
    return found


def private_directories(pids: Iterable[int]) -> set[Path]:
    """Where the Ray processes among these work."""
    found = set()
    for pid in pids:
        try:
            found.add(Path(os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")))
        except OSError:
            continue
    return {path for path in found if path.name.startswith("sweep-ray-")}


def listening(pids: set[int]) -> set[str]:
    """Addresses of the listening TCP sockets that these processes hold."""
    inodes = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                inodes.add(os.readlink(descriptor))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTEN and f"socket:[{words[9]}]" in inodes:
                found.add(_address(words[1].split(":")[0]))
    return found


def _address(text: str) -> str:
    """An address as /proc/net has it: little-endian words of four bytes."""
    raw = b"".join(bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8))
    address = ipaddress.ip_address(raw)
    return str(getattr(address, "ipv4_mapped", None) or address)


def until(look: Callable[[], T], what: str, timeout_s: float = 60) -> T:
    """What `look` gives once it gives something.  Fails, naming `what` was waited for."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.05)
    return found
