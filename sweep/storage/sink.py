# SPDX-License-Identifier: MIT
"""A file that the user asked for: whole under its name or not there, on a disk or in an object store.

A file of that name that is there already is replaced, as it is what the user has named; a link is replaced by a file,
and what it leads to stays.  A pipe or a device, as /dev/stdout, is written into: a new file in its place would be no
use, and its loss one.  Folders on the way to it are made.  It may lie in a run directory, but never in the place of
what the run itself keeps there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sweep.errors import RunError, SweepError

from .files import CURRENT, HOLDER, LOCK, MANIFEST, NOTE, PUBLISHED
from .home import expanded
from .location import open

ELSEWHERE = ("/dev", "/dev/fd", "/proc/self/fd")  # folders of what is no file, whatever it leads to now
RESERVED = (MANIFEST, NOTE, LOCK, HOLDER, CURRENT, *PUBLISHED)


@contextmanager
def file(out: str, option: str = "--out") -> Iterator[BinaryIO]:
    """A sink whose bytes become the file `out` when the block ends, in one step; an exception leaves what was there.

    `option` is what the user gave it with.  Raises SweepError if `out` can be none, RunError if writing fails.
    """
    out = expanded(out)
    folder, last = _split(out, option)
    if passes_on(out):
        with _stream(out, option) as sink:
            yield sink
        return
    if isinstance(folder, Path):  # first: for a file in the way `open` would speak of run directories
        _spare(folder, last, out, option)
    files = open(folder)
    if files.path is not None and not isinstance(folder, Path):
        _spare(files.path, last, out, option)
    with files.put_stream(last) as sink:
        yield sink


def text(out: str, said: str, option: str = "--out") -> None:
    """Write a text, UTF-8.  Raises as `file` does."""
    with file(out, option) as sink:
        sink.write(said.encode())


def name(out: str) -> str:
    """The last part of where a file is to be: "x.csv"."""
    return _parts(out)[1]


def passes_on(out: str) -> bool:
    """Whether what is written to `out` goes elsewhere: a pipe, a device, an open file (/dev/fd/3)."""
    path = Path(expanded(out))
    special = path.exists() and not path.is_file() and not path.is_dir()
    return "://" not in out and (special or str(path.parent) in ELSEWHERE)


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


def _split(out: str, option: str) -> tuple[str | Path, str]:
    """The folder as `storage` takes it, and the name.  Raises SweepError."""
    folder, last, options = _parts(out)
    if last in ("", ".", "..") or "\0" in last:
        raise SweepError(f'{option} "{out}" is not the name of a file')
    if folder.endswith("://"):  # a bucket, or a scheme that is not known
        folder = out.partition("?")[0]
    return (folder.rstrip("/") + options if "://" in out else Path(folder or ".")), last


@contextmanager
def _stream(out: str, option: str) -> Iterator[BinaryIO]:
    try:
        with Path(out).open("wb") as sink:
            yield sink
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RunError(
            f'{option} "{out}" cannot be written: {error.strerror}\n  next: give {option} another file'
        ) from error


def _spare(folder: Path, name: str, out: str, option: str) -> None:
    """Make the folder.  Raises SweepError where that cannot be, and for what must not be replaced."""
    target = folder / name
    if target.is_dir():
        raise SweepError(f'{option} "{out}" is a directory\n  next: give the name of a file in it')
    of_a_run = any((folder / each).exists() for each in (MANIFEST, NOTE))
    if of_a_run and (target.is_symlink() or name in RESERVED):
        raise SweepError(
            f'{option} "{out}" is what the run itself has published\n'
            f"  next: give {option} another name, or another directory"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SweepError(
            f'{option} "{out}" cannot be written: {error.strerror}: "{error.filename}"\n'
            f"  next: give {option} another file"
        ) from error
