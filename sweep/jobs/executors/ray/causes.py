# SPDX-License-Identifier: MIT
"""Why local Ray did not start, in one line, from what its processes have written.

Ray itself says "timed out during startup", half a minute after one of its processes died of something that only the
log of that process tells.

Source: Ray 2.60, started where each of these is short or forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sweep.safe_text import visible_line

from .limits import described, pids_limit

TAIL_BYTES = 32 << 10
LINES = 40  # of each log that are kept
WIDTH = 300  # characters of a line that are shown

NO_THREAD = "no more processes or threads may be started"
NO_MEMORY = "there is not enough memory"
# Messages of Ray and Python, and what they mean; the first that any log has wins.
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
# Otherwise the most telling line: the end of a traceback, then what Ray's C++ logs as fatal or as an error.
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
    """Why Ray did not start, from log `texts`, the most telling first; "" if they do not say."""
    lines = [COLOURS.sub("", line).rstrip() for text in texts for line in text.splitlines()]
    for pattern, meaning in KNOWN:
        line_that_says_so = next((line for line in lines if re.search(pattern, line)), None)
        if line_that_says_so is not None:
            bounds = described() if meaning in (NO_THREAD, NO_MEMORY) else ""
            return f"{meaning}{bounds and f' ({bounds})'}: {_shown(line_that_says_so)}"
    if pids_limit()[1]:
        return f"{NO_THREAD} ({described()})"
    for pattern in TELLING:
        line_that_says_so = next((line for line in lines if re.search(pattern, line)), None)
        if line_that_says_so is not None:
            return _shown(line_that_says_so)
    return last_line("\n".join(line for line in lines if not PROGRESS.search(line)))


def is_known(text: str) -> bool:
    """Whether a text itself names a resource that is short or forbidden."""
    return any(re.search(pattern, text) for pattern, _ in KNOWN)


def logs(folder: str | Path) -> Sequence[tuple[str, str]]:
    """Name and last lines of each non-empty log of the Ray sessions below `folder`, the most telling services first."""
    paths = {path for path in Path(folder).glob("session_2*/logs/*") if path.suffix in SUFFIXES}
    ends = ((path.name, tail(path)) for path in sorted(paths, key=_rank))
    telling_lines = (
        (name, [line for line in text.splitlines() if line.strip() and not NOISE.search(line)]) for name, text in ends
    )
    return [(name, "\n".join(lines[-LINES:])) for name, lines in telling_lines if lines]


def _rank(path: Path) -> tuple[int, int, str]:
    """Sort key of a log: error output before logs before plain output, then by service."""
    service = next((n for n, name in enumerate(SERVICES) if path.name.startswith(name)), len(SERVICES))
    return SUFFIXES.index(path.suffix), service, path.name


def last_line(text: str) -> str:
    """The last line that says something, without colours; "" if there is none."""
    return _shown(next((line for line in reversed(COLOURS.sub("", text).splitlines()) if line.strip()), ""))


def tail(path: str | Path, start: int = 0) -> str:
    """The last TAIL_BYTES of a text file, but nothing before byte `start`; "" if it cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(max(start, file.seek(0, 2) - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def cannot_start(why: str, log: str | Path) -> str:
    """The error message for local Ray that cannot start; `log` is the file with the output of its processes."""
    return (
        f"local Ray cannot start: {why}\n  log: {log}\n"
        "  next: the same command with --executor inline, which needs no Ray and uses one core"
    )


def _shown(line: str) -> str:
    return visible_line(WHERE.sub("", line).strip()[:WIDTH])
