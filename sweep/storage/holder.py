# SPDX-License-Identifier: MIT
"""The process that writes to a run directory: how it is described to people, and whether it is still alive."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import time
from pathlib import Path

from sweep.safe_text import visible_line

COMMAND_CHARACTERS = 200
MOST_CHARACTERS = 500  # shown of a lock's text: `this_process` with the longest names that Linux has


def this_process() -> str:
    """This process, for people: "pid 7 on host since 2026-11-23 09:00:00 UTC: sweep run x.yaml"."""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    arguments = ["sweep" if sys.argv[0].endswith("__main__.py") else Path(sys.argv[0]).name, *sys.argv[1:]]
    command = shlex.join(arguments)[:COMMAND_CHARACTERS].replace("\n", " ")
    return f"pid {os.getpid()} on {platform.node()} since {since}: {command}"


def shown_holder(data: bytes) -> str:
    """The text of a lock about its holder as one line that is safe to show, whoever wrote it."""
    text = data.decode(errors="backslashreplace").strip()
    return visible_line(text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…")


def machine() -> str:
    """Names the scope in which pids are valid: this boot of the kernel and this PID namespace; "" if unknown."""
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
