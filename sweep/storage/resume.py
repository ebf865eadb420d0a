# SPDX-License-Identifier: MIT
"""The command to suggest for a run directory: to create it, to continue its run, or to use instead of it."""

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
SHOWN = 8  # run directories that a message suggests for one that is not there


def read_run_json(files: Files) -> dict[str, Any]:
    """The fields of run.json; {} if there is none or it is damaged: not JSON, or a field not of its type in `RUN`."""
    try:
        return records.read(files.get(NOTE), RUN)
    except (FileNotFoundError, records.RecordError):
        return {}


def command(files: Files) -> str:
    """The command that continues the run here, from run.json; `sweep run FILE --out ...` if nothing is known of it."""
    try:
        last = read_run_json(files)
    except RunError:
        last = {}
    return at(str(last.get("command") or "sweep run FILE"), str(files), str(last.get("name", "")))


def at(typed: str, location: str, name: str = "") -> str:
    """The command `typed` with `location` as its --out: the directory may have been moved, or be seen from elsewhere.

    A command without --out ran in runs/<name>.
    """
    arguments = recorded_arguments(typed)
    if "--out" in arguments[:-1]:
        arguments[arguments.index("--out") + 1] = location
    elif not name or os.path.normpath(location) != os.path.join("runs", name):
        arguments += ["--out", location]
    return standard_input.typed(arguments[1:])


def recorded_arguments(typed: str) -> list[str]:
    """The arguments of the sweep command recorded in a run directory; `sweep run FILE` if it is not one.

    It is shown as the next command to type, and whoever wrote the run directory may have put any command there.
    """
    try:
        arguments = standard_input.without_redirect(shlex.split(typed))
    except ValueError:  # a quotation without end
        arguments = []
    return arguments if arguments[:1] == ["sweep"] else ["sweep", "run", "FILE"]


def absent_error(files: Files) -> SweepError:
    """The error for a directory that does not exist or is not a run directory; suggests the closest ones that are."""
    location = str(files)
    why = f'run directory "{location}" does not exist.'
    if files.path is not None and files.path.is_dir():
        why = f'"{location}" is no run directory: it has neither {NOTE} nor a published table.'
    run_directories = _beside(files.path) if files.path is not None else []
    known = (
        f"\n  there are: {', '.join(run_directories[:SHOWN])}{', ...' * (len(run_directories) > SHOWN)}"
        if run_directories
        else ""
    )
    return SweepError(
        f"{why}{did_you_mean(location, run_directories)}{known}\n  next: sweep run FILE --out {shlex.quote(location)}"
    )


def no_run_json_error(files: Files) -> SweepError:
    """The error for a run directory whose run.json is missing or damaged, so that its sweep is unknown."""
    published = any(files.exists(name) for name in TABLES)
    if not published and not files.exists(NOTE):
        return absent_error(files)
    why = "is damaged" if files.exists(NOTE) else "is missing"
    return SweepError(
        f'"{files.at(NOTE)}" {why}: it says what was asked for, and the next run writes it anew\n'
        f"  next: sweep run FILE --out {shlex.quote(str(files))}"
    )


def not_a_directory_error(path: Path, shown: str, location: str) -> SweepError:
    """The error for what is not a directory: a sweep file, a file of a run directory, a device, a dangling link.

    shown: `path` as the user typed it, which is the run directory `location` or a part of the way to it.
    """
    kind_name = kind(os.lstat(path).st_mode)
    needed = "a run directory is needed" if shown == location else f'"{location}" would lie in it'
    if kind_name == LINK and not path.exists():
        target = os.readlink(path)
        return SweepError(
            f'"{shown}" is a link to "{target}", which is not there, and {needed}\n'
            "  next: make that directory, or remove the link"
        )
    if kind_name == LINK:
        kind_name = kind(os.stat(path).st_mode)
    next_ = "give a directory" if shown == location else "move it, or give another directory"
    if path.suffix in (".yaml", ".yml"):
        next_ = f"sweep run {shlex.quote(shown)}, and then the directory that it names"
    elif _ours(path.parent):
        next_ = f"give the directory that it is in, {shlex.quote(os.path.dirname(shown) or '.')}"
    return SweepError(f'"{shown}" is {kind_name}, and {needed}\n  next: {next_}')


def _beside(path: Path) -> list[str]:
    """Run directories in the same folder and in runs/, as a user would type them."""
    run_directories = []
    for folder in dict.fromkeys((path.parent, Path("runs"))):
        try:
            run_directories += [
                str(path_in_folder) for path_in_folder in sorted(folder.iterdir()) if _ours(path_in_folder)
            ]
        except OSError:
            continue
    return run_directories


def _ours(folder: Path) -> bool:
    return any((folder / name).is_file() for name in RUN_FILES)
