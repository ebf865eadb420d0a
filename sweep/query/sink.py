# SPDX-License-Identifier: MIT
"""A file that the user asked for: whole under its name or not there, on a disk or in an object store.

It may lie in a run directory, but never in the place of what the run itself keeps there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .. import storage
from ..errors import RunError, SweepError

RESERVED = ("manifest.json", "run.json", "lock", "current")


@contextmanager
def file(out: str) -> Iterator[BinaryIO]:
    """A sink whose bytes become the file `out` when the block ends, in one step; an exception leaves what was there.

    Raises SweepError if `out` can be none, RunError if it cannot be written.
    """
    folder, last = _split(out)
    files = storage.open(folder)
    if files.path is not None:
        _spare(files.path, last, out)
    with files.put_stream(last) as sink:
        yield sink


def name(out: str) -> str:
    """The last part of where a file is to be: "x.csv"."""
    return _parts(out)[1]


def beside(out: str, other: str) -> str:
    """Where another file of the same folder is."""
    folder, _, options = _parts(out)
    return f"{folder}{other}{options}"


def _parts(out: str) -> tuple[str, str, str]:
    """Folder with its "/", name, and the options of a URI with their "?"."""
    place, options = out, ""
    if "://" in out:
        place, mark, rest = out.partition("?")
        options = mark + rest
    folder, slash, last = place.rpartition("/")
    return folder + slash, last, options


def _split(out: str) -> tuple[str | Path, str]:
    """The folder as `storage` takes it, and the name.  Raises SweepError."""
    folder, last, options = _parts(out)
    if last in ("", ".", ".."):
        raise SweepError(f'--out "{out}" is not the name of a file')
    return (folder.rstrip("/") + options if "://" in out else Path(folder or ".")), last


def _spare(folder: Path, name: str, out: str) -> None:
    target = folder / name
    if target.is_dir():
        raise SweepError(f'--out "{out}" is a directory\n  next: give the name of a file in it')
    above = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if not above.is_dir():
        raise RunError(f'"{out}" cannot be written: "{above}" is a file\n  next: give --out another name')
    if (folder / "manifest.json").exists() and (target.is_symlink() or name in RESERVED):
        raise SweepError(
            f'--out "{out}" is what the run itself has published\n  next: give --out another name, or another directory'
        )
