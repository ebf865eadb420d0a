# SPDX-License-Identifier: MIT
"""The run directories in a folder, and how the last run of each has ended; from their notes alone, so quickly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.errors import SweepError

from . import resume
from .home import expanded
from .location import open

USUAL = (".", "runs")  # where runs are put that are given no --out, or a simple one
ENDINGS = {0: "complete", 1: "failed", 3: "incomplete"}  # by the exit code of the run


@dataclass(frozen=True)
class ListedRun:
    """A run directory; None is what its run.json does not say."""

    name: str | None
    started: str | None  # ISO 8601, of the last run in it
    ended: str | None
    simulations: int | None
    done: int | None  # simulations with a row, when the last run ended
    failed: int | None
    invalid: int | None  # rows that broke a conservation law
    state: str  # running, complete, incomplete, interrupted, failed, killed; published: nothing but a table is there
    path: str


def runs(folders: Sequence[str] = ()) -> list[ListedRun]:
    """The runs in these folders and those that are such folders, newest first; by default here and in runs/.

    Raises SweepError for a folder that is given and not there.
    """
    path_by_place: dict[Path, str] = {}
    for folder in folders or USUAL:
        for path in _run_directories(folder, given=bool(folders)):
            path_by_place.setdefault(path.resolve(), str(path))
    listed = [_listed(path) for path in path_by_place.values()]
    return sorted(sorted(listed, key=lambda run: run.path), key=lambda run: run.started or "", reverse=True)


def _run_directories(folder: str, *, given: bool) -> list[Path]:
    if "://" in folder:
        raise SweepError(f'"{folder}": only folders of this machine are listed\n  next: sweep status {folder}')
    path = Path(expanded(folder))
    if _is_run(path):
        return [path]
    try:
        return [entry for entry in sorted(path.iterdir()) if _is_run(entry)]
    except OSError as error:
        if not given:
            return []
        raise SweepError(f'"{folder}" cannot be listed: {error.strerror}\n  see: sweep list --help') from None


def _is_run(path: Path) -> bool:
    return any((path / name).is_file() for name in resume.RUN_FILES)


def _listed(path: str) -> ListedRun:
    try:
        files = open(path)
        last, writes = resume.read_run_json(files), files.holder() is not None
    except SweepError:  # of a stranger, or not ours to read
        last, writes = {}, False
    return ListedRun(
        name=last.get("name"),
        started=last.get("started"),
        ended=last.get("ended"),
        simulations=last.get("simulations"),
        done=last.get("done"),
        failed=last.get("failed"),
        invalid=last.get("invalid"),
        state=_state(last, writes),
        path=path,
    )


def _state(last: dict[str, object], writes: bool) -> str:
    if writes:
        return "running"
    if not last:
        return "published"
    if last.get("interrupted"):
        return "interrupted"
    code = last.get("exit_code")
    return ENDINGS.get(code, "failed") if isinstance(code, int) else "killed"
