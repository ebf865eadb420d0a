# SPDX-License-Identifier: MIT
"""An output file that the user named (`--out`): written whole or not at all, on a disk or in an object store.

An existing file of that name is replaced; a link is replaced by a file, and its target stays.  A pipe or a device, such
as /dev/stdout, is written into instead of being replaced.  Folders on the way are made.  The file may be in a run
directory, but never replaces what the run itself keeps there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sweep.errors import RunError, SweepError

from .files import CURRENT, HOLDER, INDEX, LOCK, MANIFEST, NOTE, PUBLISHED
from .home import expanded
from .location import open

ELSEWHERE = ("/dev", "/dev/fd", "/proc/self/fd")  # entries of these folders are devices or open files, never replaced
RESERVED = (MANIFEST, NOTE, INDEX, LOCK, HOLDER, CURRENT, *PUBLISHED)


@contextmanager
def file(out: str, option: str = "--out") -> Iterator[BinaryIO]:
    """A stream whose bytes become the file `out` when the block ends, in one step; an exception leaves what was there.

    option: the option that named the file.  Raises SweepError if `out` cannot be a file, RunError if writing fails.
    """
    out = expanded(out)
    folder, last = _split(out, option)
    if is_stream(out):
        with _stream(out, option) as sink:
            yield sink
        return
    if isinstance(folder, Path):  # first: for a file in the way `open` would speak of run directories
        _check_replaceable(folder, last, out, option)
    files = open(folder)
    if files.path is not None and not isinstance(folder, Path):
        _check_replaceable(files.path, last, out, option)
    with files.put_stream(last) as sink:
        yield sink


def text(out: str, said: str, option: str = "--out") -> None:
    """Write a text as UTF-8 to the file `out`.  Raises as `file` does."""
    with file(out, option) as sink:
        sink.write(said.encode())


def name(out: str) -> str:
    """The file name in `out`: "x.csv"."""
    return _parts(out)[1]


def is_stream(out: str) -> bool:
    """Whether `out` is written into rather than replaced: a pipe, a device, an open file (/dev/fd/3)."""
    path = Path(expanded(out))
    special = path.exists() and not path.is_file() and not path.is_dir()
    return "://" not in out and (special or str(path.parent) in ELSEWHERE)


def beside(out: str, other: str) -> str:
    """The location of the file `other` in the folder of `out`."""
    folder, _, options = _parts(out)
    return f"{folder}{other}{options}"


def _parts(out: str) -> tuple[str, str, str]:
    """`out` split into folder with trailing "/", file name, and the options of a URI with their "?"."""
    without_options, options = out, ""
    if "://" in out:
        without_options, mark, query = out.partition("?")
        options = mark + query
    folder, slash, last = without_options.rpartition("/")
    return folder + slash, last, options


def _split(out: str, option: str) -> tuple[str | Path, str]:
    """The folder, as `storage.open` takes it, and the file name.  Raises SweepError if there is no file name."""
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


def _check_replaceable(folder: Path, name: str, out: str, option: str) -> None:
    """Make the folder.  Raises SweepError if that is impossible, or if the file must not be replaced."""
    target = folder / name
    if target.is_dir():
        raise SweepError(f'{option} "{out}" is a directory\n  next: give the name of a file in it')
    of_a_run = any((folder / run_file).exists() for run_file in (MANIFEST, NOTE))
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
