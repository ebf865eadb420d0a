# SPDX-License-Identifier: MIT
"""The operations on the files of a run directory, on a disk or in an object store, and the names used there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from sweep.errors import RunError

from .beneath import DirectoryEntry

if TYPE_CHECKING:
    import pyarrow

MANIFEST = "manifest.json"  # of the published snapshot
NOTE = "run.json"  # what was asked for last, and how it ended
LOCK = "lock"  # of the writer: on a disk an empty file, in an object store a folder of claims
HOLDER = "lock.holder"  # on a disk, which process has the lock
INDEX = "parts.index"  # what parts there are: see `jobs.store.index`
CURRENT = "current"  # on a disk, a link to the snapshot that counts
FOLDERS = ("parts", "failed", "plans", "logs", "snapshots")
PUBLISHED = tuple(
    f"{name}.{form}" for name in ("results", "series", "dictionary", "failures") for form in ("arrow", "parquet")
)
UNFINISHED_SUFFIX = ".sweep.tmp"  # suffix of unfinished files, and of no others: left-over ones are removed


class FileStamp(NamedTuple):
    """By what a file that was changed is told from one that was not."""

    size: int  # bytes
    modified_ns: int  # since 1970
    changed_ns: int  # on a disk, when anything about it last changed, which no program can set; else 0


class Files(Protocol):
    """Files by name: "parts/a.arrow".  Names are relative, with "/" between their parts; see `checked`.

    `str()` gives the location as the user typed it.  Every failure raises a SweepError that says what to do; only a
    file that is not there raises FileNotFoundError.
    """

    @property
    def path(self) -> Path | None:
        """The directory; None if it is not on this machine's file systems."""

    def at(self, name: str) -> str:
        """Where a file is, for people: the location they typed, with `name` appended."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file, whole and for good when this returns; readers see the old one or the new one."""

    def put_stream(self, name: str) -> AbstractContextManager[BinaryIO]:
        """`put` for files too large for memory; an exception in the block leaves the old file."""

    def get(self, name: str) -> bytes:
        """The file's bytes.  Raises FileNotFoundError."""

    def view(self, name: str) -> pyarrow.Buffer:
        """The file's bytes, mapped into memory where it can be.  Raises FileNotFoundError."""

    def entries(self, folder: str) -> Mapping[str, DirectoryEntry]:
        """All entries of a folder, "" for the directory itself, except unfinished files; {} if it is not there."""

    def stamps(self, folder: str) -> Mapping[str, FileStamp]:
        """The stamps of the files in a folder, by name, but of no links and unfinished files; {} if it is not there."""

    def names(self, folder: str) -> list[str]:
        """Sorted names in a folder, without its own, except those of folders; [] if it is not there.

        They include what cannot be read: a link that leads out of the directory, a pipe.
        """

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, sorted; [] if it is not there."""

    def exists(self, name: str) -> bool:
        """Whether the file `name` exists."""

    def make_folder(self, name: str) -> None:
        """Make a folder and its parents; does nothing in an object store."""

    def delete(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; does nothing if it is not there."""

    def set_aside(self, name: str) -> None:
        """Rename a damaged file: "x.arrow" to "x.bad"."""

    def writing(self) -> AbstractContextManager[None]:
        """Be the single writer inside the block.

        Raises IncompleteError, which says who writes, if another process does; RunError if nothing can be written.
        """

    def check(self) -> None:
        """Raises IncompleteError unless this is still the single writer: ask before publishing."""

    def holder(self) -> str | None:
        """The process that writes now, described for people; None if there is none.  Changes nothing."""

    def swap(self, folder: str) -> None:
        """Publish: make the manifest that is in `folder` the one at the top, in one step."""


def checked(name: str) -> str:
    """`name`, if it stays in its directory.  Raises RunError: a damaged or hostile file gave it."""
    if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        shown = name.replace("\0", "\\0")
        raise RunError(
            f'"{shown}" is not a name of a file in a run directory\n'
            "  next: the run directory is damaged; give --out another one"
        )
    return name


def bad(name: str) -> str:
    """The name that a damaged file is given."""
    stem, dot, _ = name.rpartition(".")
    return f"{stem if dot and '/' not in name[len(stem) :] else name}.bad"
