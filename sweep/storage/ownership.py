# SPDX-License-Identifier: MIT
"""Whether a directory is a run directory of ours, and whether a sweep may be run in it: no other is ever written to.

A run directory is recognised by what this program alone writes: `run.json` with a sweep's document and command, a
manifest of our format, a table of an earlier version with the sweep's description, or parts whose names are the digests
of their bytes.  Anything else belongs to somebody else, and so does what a newer version of sweep has written.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from sweep import records
from sweep.errors import RunError, SweepError

from . import snapshot
from .beneath import FILE, FOLDER, LINK, DirectoryEntry, leads_out
from .files import CURRENT, FOLDERS, HOLDER, INDEX, LOCK, MANIFEST, NOTE, PUBLISHED, Files

FORMAT = 2  # of run.json; since 2 a part may have the rows of several chunks, which earlier versions cannot read
SHOWN = 4  # names of what is in the way
TABLE = "results.arrow"
OWN = (
    LOCK,
    HOLDER,
    NOTE,
    INDEX,
    "size.json",
    "size_load.json",
    "report.txt",
    "report.md",
    "report.html",
)  # files of ours, never links
LINKS = (MANIFEST, *PUBLISHED)  # files of ours that are links on a disk


def check(
    files: Files,
    name: str | None = None,
    *,
    replace: bool = False,
    document_format: int | None = None,
    has_parts: Callable[[], bool] = lambda: False,
) -> None:
    """Check that the sweep `name` may be run here: that nothing is there, or a run of that sweep.

    With `replace`, a run of another sweep is allowed too.  `document_format`: the newest format of a sweep's document
    that this version knows; `has_parts`: whether there are parts, called only where nothing else decides.
    Raises SweepError, which says what is in the way and what to type; RunError if the store does not answer.
    """
    entries = files.entries("")
    _in_place(files, entries)
    note, manifest = _document(files, entries, NOTE), _document(files, entries, MANIFEST)
    _not_newer(files, NOTE, note.get("format"), FORMAT)
    _not_newer(files, MANIFEST, manifest.get("format"), snapshot.FORMAT)
    document = note.get("document")
    if document_format is not None and isinstance(document, dict):
        _not_newer(files, NOTE, document.get("format"), document_format)
    if not (_is_note(note) or _is_manifest(manifest) or _has_table(files, entries)):
        foreign_entries = sorted(
            entry_name for entry_name in entries if not _just_begun(files, entry_name, entries[entry_name])
        )
        if foreign_entries and not has_parts():
            raise _occupied(files, foreign_entries, name)
    sweep_there = note.get("name") if _is_note(note) else manifest.get("name")
    if name is not None and isinstance(sweep_there, str) and sweep_there != name and not replace:
        raise SweepError(
            f'run directory "{files}" has a run of sweep "{sweep_there}", and this is sweep "{name}"\n'
            f"  next: give --out another place, as {_inside(files, name)}; or --replace-sweep, which publishes this "
            "sweep in the place of that one"
        )


def _in_place(files: Files, entries: Mapping[str, DirectoryEntry]) -> None:
    """Raises SweepError if an entry with a name of ours is of the wrong kind, or a link that leads out."""
    for name, entry in sorted(entries.items()):
        wanted: tuple[str, ...] = ()
        if name in FOLDERS:
            wanted = (FOLDER,)
        elif name == CURRENT:
            wanted = (FOLDER, LINK)
        elif name in LINKS:
            wanted = (FILE, LINK)
        elif name in OWN:
            wanted = (FOLDER if name == LOCK and files.path is None else FILE,)
        if not wanted or (entry.kind in wanted and not leads_out(entry.target)):
            continue
        to = f' to "{entry.target}"' if entry.target else ""
        raise SweepError(
            f'"{files.at(name)}" is {entry.kind}{to}, and {wanted[0]} is needed: no link is followed out of a run '
            "directory, and nothing is read from or written to what is no file\n"
            "  next: move it away, or give --out another directory"
        )


def _document(files: Files, entries: Mapping[str, DirectoryEntry], name: str) -> dict[str, Any]:
    """The JSON document `name`; {} if there is none or it is damaged."""
    if name in entries:
        try:
            return records.read(files.get(name))
        except (FileNotFoundError, records.RecordError):
            pass
        except RunError:  # on a disk a manifest that cannot be read is damaged, and the next one takes its place
            if files.path is None or name != MANIFEST:
                raise
    return {}


def _not_newer(files: Files, name: str, found: object, known: int) -> None:
    if found is None or (isinstance(found, int) and found <= known):
        return
    raise SweepError(
        f'"{files.at(name)}" has format "{found}", and this version of sweep knows formats up to {known}: another '
        "version of sweep has made it, or another program, and it is left as it is\n"
        "  next: go on with that version, or give --out another directory"
    )


def _is_note(note: Mapping[str, Any]) -> bool:
    """Whether `note` is a run.json of ours; a "format" field alone proves nothing, any program may write one."""
    return {"document", "document_digest", "command"} <= note.keys()


def _is_manifest(manifest: Mapping[str, Any]) -> bool:
    return manifest.get("format") == snapshot.FORMAT and {"snapshot", "files"} <= manifest.keys()


def _has_table(files: Files, entries: Mapping[str, DirectoryEntry]) -> bool:
    """Whether there is a table published by an earlier version of sweep, which wrote no manifest."""
    if TABLE not in entries:
        return False
    import pyarrow as pa

    with suppress(pa.ArrowInvalid, OSError, RunError):
        return b"sweep" in (pa.ipc.open_file(pa.BufferReader(files.view(TABLE))).schema.metadata or {})
    return False


def _just_begun(files: Files, name: str, entry: DirectoryEntry) -> bool:
    """Whether a run makes this entry before its run.json, so that a run killed at once leaves it behind."""
    if name == "logs":
        return entry.kind == FOLDER and not files.entries(name)
    return name in (LOCK, HOLDER)


def _occupied(files: Files, strange: list[str], name: str | None) -> SweepError:
    listed = ", ".join(f'"{entry_name}"' for entry_name in strange[:SHOWN])
    more = f" and {len(strange) - SHOWN:,} more" if len(strange) > SHOWN else ""
    return SweepError(
        f'"{files}" is neither empty nor a run directory: it has {listed}{more}, which might be overwritten\n'
        f"  next: give --out a directory that is empty or not there yet, as {_inside(files, name or 'NAME')}"
    )


def _inside(files: Files, name: str) -> str:
    """The location of `name` in this directory, quoted for a shell."""
    return shlex.quote(files.at(name))
