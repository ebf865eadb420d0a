# SPDX-License-Identifier: MIT
"""Published files as one: written into a folder of their own, then shown by swapping one file, the manifest.

    snapshots/<time>-<random>/results.arrow ...   never changed once they are shown
    snapshots/<time>-<random>/manifest.json       names, lengths and digests of these, and what the run says of itself
    manifest.json                                 of the snapshot that counts now; see `Files.swap`

A reader takes the manifest first, then the files that it names, and sees one publication whole.  The snapshot before
is kept for those who are just reading it; earlier ones are removed, as is what a crash left, but nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import RawIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sweep import records
from sweep.errors import RunError
from sweep.records import COUNT, INTEGER, MAPPING, TEXT, TEXTS, TIME

from . import resume
from .files import MANIFEST, Files, checked

if TYPE_CHECKING:
    import pyarrow

FOLDER = "snapshots"
NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")  # of a snapshot's folder
FORMAT = 1
DIGEST_BYTES = 16
SAID = {  # by a manifest
    **dict.fromkeys(("snapshot", "name", "command", "created"), TEXT),
    **dict.fromkeys(("simulations", "rows", "failed"), COUNT),
    **{"published": TIME, "files": MAPPING, "exit_code": INTEGER, "versions": TEXTS},
}
ENTRY = {"bytes": COUNT, "digest": TEXT}
ATTEMPTS = 5  # to read a snapshot while others take its place


@dataclass(frozen=True)
class Manifest:
    """The published snapshot."""

    name: str
    files: Mapping[str, tuple[int, str]]  # name -> bytes, digest
    about: Mapping[str, Any] = field(repr=False)  # what the run says of itself: rows, simulations, exit_code, ...

    def at(self, file: str) -> str:
        """The name of one of its files in the run directory."""
        return f"{FOLDER}/{self.name}/{file}"


class Draft:
    """A snapshot that is being written; nobody sees it before `publish`."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"
        self._entries: dict[str, tuple[int, str]] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A binary sink for one file of the snapshot."""
        with self._files.put_stream(f"{FOLDER}/{self._name}/{name}") as sink:
            counted = _Counted(sink)
            yield cast(BinaryIO, counted)
        self._entries[name] = (counted.bytes, counted.digest.hexdigest())

    def publish(self, about: Mapping[str, Any]) -> Manifest:
        """Show it in place of the one before.  Raises IncompleteError if this process is not the writer any more."""
        manifest = Manifest(self._name, dict(self._entries), dict(about))
        document = {
            "format": FORMAT,
            "snapshot": self._name,
            "published": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "files": {name: {"bytes": size, "digest": digest} for name, (size, digest) in self._entries.items()},
            **about,
        }
        before = shown(self._files)
        self._files.put(manifest.at(MANIFEST), json.dumps(document, indent=1).encode())
        self._files.swap(f"{FOLDER}/{self._name}")
        self._files.check()  # one that slept through that removes nothing: its successor may be writing now
        for folder in self._files.folders(FOLDER):
            if NAME.fullmatch(folder) and folder not in (self._name, before):
                self._files.delete(f"{FOLDER}/{folder}")
        return manifest


def manifest(files: Files) -> Manifest | None:
    """The snapshot that counts now; None if nothing is published.  Raises RunError if its manifest is damaged."""
    try:
        data = files.get(MANIFEST)
    except FileNotFoundError:
        return None
    try:
        document = records.read(data, {"format": INTEGER}, ["format"])
        if document["format"] != FORMAT:
            raise RunError(
                f'"{files.at(MANIFEST)}" has format "{document["format"]}"; this version of sweep reads format {FORMAT}'
                ": another version of sweep has made it, or another program\n  next: use that version"
            )
        records.held(document, SAID, ("snapshot", "files"))
        each = {name: records.held(one, ENTRY, ENTRY) for name, one in document["files"].items()}
        entries = {name: (one["bytes"], one["digest"]) for name, one in each.items()}
        found = Manifest(document["snapshot"], entries, document)
    except records.RecordError as error:
        raise RunError(f'"{files.at(MANIFEST)}" is damaged: {error}{_again(files)}') from error
    for name in (MANIFEST, *entries):
        checked(found.at(name))
    return found


def at(files: Files, name: str) -> str:
    """Where people find a published file: on a disk at the top, in an object store in its snapshot."""
    found = manifest(files)
    return files.at(name if files.path is not None or found is None else found.at(name))


def shown(files: Files) -> str | None:
    """The name of the snapshot that counts now; None if there is none, or none that can be told."""
    try:
        found = manifest(files)
    except RunError:
        return None
    return found.name if found else None


def read(files: Files, *names: str) -> tuple[Manifest, dict[str, pyarrow.Buffer]] | None:
    """Files of the snapshot that counts now, all of the same one, verified; None if nothing is published.

    Raises RunError if the manifest or a file is damaged, or the snapshot has no such file.
    """
    for attempt in range(ATTEMPTS):
        found = manifest(files)
        if found is None:
            return None
        try:
            return found, {name: _verified(files, found, name) for name in names}
        except FileNotFoundError as error:  # replaced twice since the manifest was read: there is a newer one
            if attempt == ATTEMPTS - 1:
                raise RunError(
                    f'"{files}" is damaged: its snapshot "{found.name}" is not whole{_again(files)}'
                ) from error
    return None


def _verified(files: Files, found: Manifest, name: str) -> pyarrow.Buffer:
    if name not in found.files:
        raise RunError(f'the snapshot "{found.name}" of "{files}" has no "{name}"{_again(files)}')
    data = files.view(found.at(name))
    if (len(data), hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()) != found.files[name]:
        raise RunError(f'"{files.at(found.at(name))}" is damaged: it is not what was published{_again(files)}')
    return data


class _Counted(RawIOBase):
    """Passes bytes on to a sink, with their number and digest."""

    def __init__(self, sink: BinaryIO) -> None:
        self.bytes = 0
        self.digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._sink.write(view)
        self.digest.update(view)
        self.bytes += view.nbytes
        return view.nbytes


def _again(files: Files) -> str:
    return f"; the next run publishes anew\n  next: {resume.command(files)}"
