# SPDX-License-Identifier: MIT
"""Published files as one unit: written into a folder of their own, then published by swapping one file, the manifest.

    snapshots/<time>-<random>/results.arrow ...   never changed once they are published
    snapshots/<time>-<random>/manifest.json       names, lengths and digests of these, and a description of the run
    manifest.json                                 that of the current snapshot; see `Files.swap`

A reader reads the manifest first, then the files that it names, and so sees one publication as a whole.  The previous
snapshot is kept for those who are still reading it; older ones and the remains of crashes are removed, nothing else.
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
MANIFEST_FIELDS = {  # the fields of a manifest
    **dict.fromkeys(("snapshot", "name", "command", "created"), TEXT),
    **dict.fromkeys(("simulations", "rows", "failed"), COUNT),
    **{"published": TIME, "files": MAPPING, "exit_code": INTEGER, "versions": TEXTS},
}
ENTRY = {"bytes": COUNT, "digest": TEXT}
ATTEMPTS = 5  # to read a snapshot while others take its place


@dataclass(frozen=True)
class Manifest:
    """The manifest of the published snapshot."""

    name: str
    files: Mapping[str, tuple[int, str]]  # name -> bytes, digest
    about: Mapping[str, Any] = field(repr=False)  # description of the run: rows, simulations, exit_code, ...

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
        """Make this the current snapshot.  Raises IncompleteError if this process is not the writer any more."""
        manifest = Manifest(self._name, dict(self._entries), dict(about))
        document = {
            "format": FORMAT,
            "snapshot": self._name,
            "published": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "files": {name: {"bytes": size, "digest": digest} for name, (size, digest) in self._entries.items()},
            **about,
        }
        previous = current_name(self._files)
        self._files.put(manifest.at(MANIFEST), json.dumps(document, indent=1).encode())
        self._files.swap(f"{FOLDER}/{self._name}")
        self._files.check()  # one that slept through that removes nothing: its successor may be writing now
        for folder in self._files.folders(FOLDER):
            if NAME.fullmatch(folder) and folder not in (self._name, previous):
                self._files.delete(f"{FOLDER}/{folder}")
        return manifest


def manifest(files: Files) -> Manifest | None:
    """Manifest of the current snapshot; None if nothing is published.  Raises RunError if it is damaged."""
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
        records.validated(document, MANIFEST_FIELDS, ("snapshot", "files"))
        file_fields = {name: records.validated(fields, ENTRY, ENTRY) for name, fields in document["files"].items()}
        entries = {name: (fields["bytes"], fields["digest"]) for name, fields in file_fields.items()}
        parsed = Manifest(document["snapshot"], entries, document)
    except records.RecordError as error:
        raise RunError(f'"{files.at(MANIFEST)}" is damaged: {error}{_again(files)}') from error
    for name in (MANIFEST, *entries):
        checked(parsed.at(name))
    return parsed


def at(files: Files, name: str) -> str:
    """Location of a published file, for people: on a disk at the top, in an object store in its snapshot."""
    current = manifest(files)
    return files.at(name if files.path is not None or current is None else current.at(name))


def current_name(files: Files) -> str | None:
    """Name of the current snapshot; None if there is none or its manifest cannot be read."""
    try:
        current = manifest(files)
    except RunError:
        return None
    return current.name if current else None


def read(files: Files, *names: str) -> tuple[Manifest, dict[str, pyarrow.Buffer]] | None:
    """The files `names` of the current snapshot, verified, with its manifest; None if nothing is published.

    Raises RunError if the manifest or a file is damaged, or the snapshot has no such file.
    """
    for attempt in range(ATTEMPTS):
        current = manifest(files)
        if current is None:
            return None
        try:
            return current, {name: _verified(files, current, name) for name in names}
        except FileNotFoundError as error:  # replaced twice since the manifest was read: there is a newer one
            if attempt == ATTEMPTS - 1:
                raise RunError(
                    f'"{files}" is damaged: its snapshot "{current.name}" is not whole{_again(files)}'
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
    """A stream that passes bytes on to `sink` and keeps their number and digest."""

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
