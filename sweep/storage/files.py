# SPDX-License-Identifier: MIT
"""What can be done with a run directory, wherever it is, and which names it takes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from sweep.errors import RunError

if TYPE_CHECKING:
    import pyarrow

MANIFEST = "manifest.json"  # of the published snapshot
ASIDE = ".sweep.tmp"  # ends the names of files that are not whole, and of no others: what is left is removed


class Files(Protocol):
    """Files by name: "parts/a.arrow".  Names are relative, with "/" between their parts; see `checked`.

    `str()` of it is what the user typed.  Whatever fails raises a SweepError that says what to do; only a file that
    is not there raises FileNotFoundError.
    """

    @property
    def path(self) -> Path | None:
        """The directory; None if it is not on this machine's file systems."""

    def at(self, name: str) -> str:
        """Where a file is, for people: what they typed, with `name` in it."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file, whole and for good when this returns; readers see the old one or the new one."""

    def put_stream(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The same for what is too large for memory; leaving with an exception leaves the old file."""

    def get(self, name: str) -> bytes:
        """The file's bytes.  Raises FileNotFoundError."""

    def view(self, name: str) -> pyarrow.Buffer:
        """The file's bytes, mapped into memory where it can be.  Raises FileNotFoundError."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder, sorted, without the folder; [] if it is not there."""

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, sorted; [] if it is not there."""

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    def delete(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens if it is not there."""

    def set_aside(self, name: str) -> None:
        """Rename a damaged file: "x.arrow" to "x.bad"."""

    def writing(self) -> AbstractContextManager[None]:
        """Be the single writer.  Raises IncompleteError, which says who is, RunError if nothing can be written."""

    def check(self) -> None:
        """Raises IncompleteError unless this is still the single writer: ask before publishing."""

    def holder(self) -> str | None:
        """Who writes now, for people; None if nobody does.  Changes nothing."""

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
