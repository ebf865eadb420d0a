# SPDX-License-Identifier: MIT
"""Why local Ray did not start, in one line, from what its processes have written.

Ray itself says "timed out during startup", half a minute after one of its processes has died of something that stands
in that one's log only.

Source: Ray 2.60, started where each of these is short or forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sweep.foreign import visible_line

from .limits import described, pids_limit

TAIL_BYTES = 32 << 10
LINES = 40  # of each log that are kept
WIDTH = 300  # characters of a line that are shown

NO_THREAD = "no more processes or threads may be started"
NO_MEMORY = "there is not enough memory"
# What Ray's and Python's words mean, the first that is found anywhere.
KNOWN = (
    (r"No space left on device|Disk quota exceeded|OutOfDisk", "a disk or /dev/shm is full"),
    (
        r"pthread_create|can't start new thread|thread: Resource temporarily unavailable|fork: retry"
        r"|unable to fork|BlockingIOError: \[Errno 11\]|std::system_error|Failed to create thread"
        r"|Resource temporarily unavailable",
        NO_THREAD,
    ),
    (
        r"bad_alloc|MemoryError|[Cc]annot allocate memory|failed to map segment|Out of memory|mmap failed|ENOMEM",
        NO_MEMORY,
    ),
    (r"Too many open files|errno=24\b", "too few files may be open (ulimit -n)"),
    (r"Read-only file system|errorRead-only", "a file system that Ray writes to is read-only"),
)
# Else the line that says most: the end of a traceback, then what Ray's C++ calls fatal or an error.
TELLING = (r"^\w*(?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b: .+", r" [CF] \d+ \d+\] .+", r" E \d+ \d+\] .+")
SERVICES = ("raylet", "gcs_server", "worker", "dashboard_agent", "runtime_env_agent", "dashboard", "log_monitor")
SUFFIXES = (".err", ".log", ".out")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# Addresses of a stack, and what Ray says of every start: it looks for a dashboard that is not wanted.
NOISE = re.compile(
    r"\[0x[0-9a-f]+\]|^\s*@ +0x|^PC: @|Stack trace: *$|StackTrace Information|SIGABRT received|logging\.cc:474"
    r"|Connect call failed \('127.0.0.1', 8265\)"
)
PROGRESS = re.compile(r" I \d+ \d+\] |\tINFO ")  # no reason for anything
WHERE = re.compile(r"^.* [CFE] \d+ \d+\] (?:\(\w+\) )?[\w./]+:\d+: *")  # before the words of Ray's C++


def cause(texts: Iterable[str]) -> str:
    """The reason that stands in `texts`, most telling text first; "" if they say nothing."""
    lines = [COLOURS.sub("", line).rstrip() for text in texts for line in text.splitlines()]
    for pattern, words in KNOWN:
        found = next((line for line in lines if re.search(pattern, line)), None)
        if found is not None:
            bounds = described() if words in (NO_THREAD, NO_MEMORY) else ""
            return f"{words}{bounds and f' ({bounds})'}: {_shown(found)}"
    if pids_limit()[1]:
        return f"{NO_THREAD} ({described()})"
    for pattern in TELLING:
        found = next((line for line in lines if re.search(pattern, line)), None)
        if found is not None:
            return _shown(found)
    return last_line("\n".join(line for line in lines if not PROGRESS.search(line)))


def is_known(text: str) -> bool:
    """Whether a text says itself what is short or forbidden."""
    return any(re.search(pattern, text) for pattern, _ in KNOWN)


def logs(folder: str | Path) -> Sequence[tuple[str, str]]:
    """Name and end of each log of a Ray session below `folder` that is not empty, the services that matter first."""
    found = {path for path in Path(folder).glob("session_2*/logs/*") if path.suffix in SUFFIXES}
    ends = ((path.name, tail(path)) for path in sorted(found, key=_rank))
    said = (
        (name, [line for line in text.splitlines() if line.strip() and not NOISE.search(line)]) for name, text in ends
    )
    return [(name, "\n".join(lines[-LINES:])) for name, lines in said if lines]


def _rank(path: Path) -> tuple[int, int, str]:
    """Which log is read first: what was written about an end, then who wrote it."""
    service = next((n for n, name in enumerate(SERVICES) if path.name.startswith(name)), len(SERVICES))
    return SUFFIXES.index(path.suffix), service, path.name


def last_line(text: str) -> str:
    """The last line that says something, without colours; "" if there is none."""
    return _shown(next((line for line in reversed(COLOURS.sub("", text).splitlines()) if line.strip()), ""))


def tail(path: str | Path, start: int = 0) -> str:
    """The end of a text file, from byte `start` on at most; "" if it cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(max(start, file.seek(0, 2) - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def cannot_start(why: str, log: str | Path) -> str:
    """The message about local Ray that cannot start; what its processes said is in the file `log`."""
    return (
        f"local Ray cannot start: {why}\n  log: {log}\n"
        "  next: the same command with --executor inline, which needs no Ray and uses one core"
    )


def _shown(line: str) -> str:
    return visible_line(WHERE.sub("", line).strip()[:WIDTH])
