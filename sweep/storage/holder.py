# SPDX-License-Identifier: MIT
"""Who writes: a process, in words for people, and enough to know on its own machine whether it is still alive."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import time
from pathlib import Path

from sweep.foreign import visible_line

COMMAND_CHARACTERS = 200
MOST_CHARACTERS = 500  # of what a lock says: `myself` with the longest names that Linux has


def myself() -> str:
    """pid 7 on host since 2026-11-23 09:00:00 UTC: sweep run x.yaml"""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    words = ["sweep" if sys.argv[0].endswith("__main__.py") else Path(sys.argv[0]).name, *sys.argv[1:]]
    command = shlex.join(words)[:COMMAND_CHARACTERS].replace("\n", " ")
    return f"pid {os.getpid()} on {platform.node()} since {since}: {command}"


def told(data: bytes) -> str:
    """What a lock says of its holder, whoever wrote it, in one line that can be shown."""
    text = data.decode(errors="backslashreplace").strip()
    return visible_line(text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…")


def machine() -> str:
    """Where pids mean the same processes as here: this boot of the kernel and this PID namespace; "" if not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def is_dead(pid: object, where: object) -> bool:
    """Whether process `pid` of machine `where` has surely ended: only the machine that it ran on can know."""
    if not isinstance(pid, int) or not where or where != machine():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
