# SPDX-License-Identifier: MIT
"""What to type for a run directory: to make it, to go on with it, or in its place."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from sweep import records, standard_input
from sweep.errors import RunError, SweepError, did_you_mean
from sweep.records import COUNT, INTEGER, MAPPING, NOTHING, SECONDS, TEXT, TIME, TRUTH, either

from .beneath import LINK, kind
from .files import MANIFEST, NOTE, Files

RUN = {
    **dict.fromkeys(("name", "document_digest", "command", "node", "executor"), TEXT),
    **dict.fromkeys(("started", "ended"), TIME),
    **dict.fromkeys(("pid", "simulations", "to_run", "done", "failed", "invalid"), COUNT),
    **{"document": MAPPING, "seconds": MAPPING, "exit_code": INTEGER, "interrupted": TRUTH},
    "format": INTEGER,
    "advised_chunk_seconds": either(SECONDS, NOTHING),
}
TABLES = (MANIFEST, "results.arrow")  # one of them is in a directory that has published
RUN_FILES = (NOTE, *TABLES)  # one of them is in every run directory
SHOWN = 8  # directories beside one that is not there


def noted(files: Files) -> dict[str, Any]:
    """What run.json says; {} without one, or if it is damaged: no JSON, or a field of another type than `RUN` says."""
    try:
        return records.read(files.get(NOTE), RUN)
    except (FileNotFoundError, records.RecordError):
        return {}


def command(files: Files) -> str:
    """What goes on with the run here, from run.json; `sweep run FILE --out ...` if nothing is known of it."""
    try:
        last = noted(files)
    except RunError:
        last = {}
    return at(str(last.get("command") or "sweep run FILE"), str(files), str(last.get("name", "")))


def at(typed: str, location: str, name: str = "") -> str:
    """The command `typed` for the directory as it is called now: it may have been moved, or be seen from elsewhere.

    Without --out it stands for runs/<name>.
    """
    words = asked(typed)
    if "--out" in words[:-1]:
        words[words.index("--out") + 1] = location
    elif not name or os.path.normpath(location) != os.path.join("runs", name):
        words += ["--out", location]
    return standard_input.typed(words[1:])


def asked(typed: str) -> list[str]:
    """The words of a command of sweep that a run directory has; `sweep run FILE` for anything else.

    It is shown as what to type next, and whoever wrote the run directory may have put any command there.
    """
    try:
        words = standard_input.without_redirect(shlex.split(typed))
    except ValueError:  # a quotation without end
        words = []
    return words if words[:1] == ["sweep"] else ["sweep", "run", "FILE"]


def absent(files: Files) -> SweepError:
    """For a directory that is not there, or is none of ours: the closest ones that are."""
    location = str(files)
    why = f'run directory "{location}" does not exist.'
    if files.path is not None and files.path.is_dir():
        why = f'"{location}" is no run directory: it has neither {NOTE} nor a published table.'
    beside = _beside(files.path) if files.path is not None else []
    known = f"\n  there are: {', '.join(beside[:SHOWN])}{', ...' * (len(beside) > SHOWN)}" if beside else ""
    return SweepError(
        f"{why}{did_you_mean(location, beside)}{known}\n  next: sweep run FILE --out {shlex.quote(location)}"
    )


def unnoted(files: Files) -> SweepError:
    """For a directory of which nothing says what was asked for: run.json is missing or damaged."""
    published = any(files.exists(name) for name in TABLES)
    if not published and not files.exists(NOTE):
        return absent(files)
    why = "is damaged" if files.exists(NOTE) else "is missing"
    return SweepError(
        f'"{files.at(NOTE)}" {why}: it says what was asked for, and the next run writes it anew\n'
        f"  next: sweep run FILE --out {shlex.quote(str(files))}"
    )


def not_a_directory(path: Path, shown: str, location: str) -> SweepError:
    """For what is no directory: a sweep file, a file out of a run directory, a device, a link to what is not there.

    `shown` is `path` in the user's words, the run directory `location` or what stands on the way to it.
    """
    found = kind(os.lstat(path).st_mode)
    needed = "a run directory is needed" if shown == location else f'"{location}" would lie in it'
    if found == LINK and not path.exists():
        to = os.readlink(path)
        return SweepError(
            f'"{shown}" is a link to "{to}", which is not there, and {needed}\n'
            "  next: make that directory, or remove the link"
        )
    if found == LINK:
        found = kind(os.stat(path).st_mode)
    next_ = "give a directory" if shown == location else "move it, or give another directory"
    if path.suffix in (".yaml", ".yml"):
        next_ = f"sweep run {shlex.quote(shown)}, and then the directory that it names"
    elif _ours(path.parent):
        next_ = f"give the directory that it is in, {shlex.quote(os.path.dirname(shown) or '.')}"
    return SweepError(f'"{shown}" is {found}, and {needed}\n  next: {next_}')


def _beside(path: Path) -> list[str]:
    """Run directories in the same folder, and in runs/, as one would type them."""
    found = []
    for folder in dict.fromkeys((path.parent, Path("runs"))):
        try:
            found += [str(each) for each in sorted(folder.iterdir()) if _ours(each)]
        except OSError:
            continue
    return found


def _ours(folder: Path) -> bool:
    return any((folder / name).is_file() for name in RUN_FILES)
