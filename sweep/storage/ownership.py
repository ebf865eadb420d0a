# SPDX-License-Identifier: MIT
"""What makes a directory a run's, and whether a sweep may be run in one: nothing is written to anybody else's.

A run is told by what this program alone writes: `run.json` with a sweep's document and command, a manifest with
the mark of its format, a table of an earlier version with the sweep's description, or else parts whose names are the
digests of their bytes.  Anything else is somebody's, and so is what a newer version of sweep has written.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from sweep import records
from sweep.errors import RunError, SweepError

from . import snapshot
from .beneath import FILE, FOLDER, LINK, Entry, leads_out
from .files import CURRENT, FOLDERS, HOLDER, LOCK, MANIFEST, NOTE, PUBLISHED, Files

FORMAT = 1  # of run.json
SHOWN = 4  # names of what is in the way
TABLE = "results.arrow"
OWN = (LOCK, HOLDER, NOTE, "size.json", "report.txt", "report.md", "report.html")  # that are never links
LINKS = (MANIFEST, *PUBLISHED)  # that are, on a disk


def check(
    files: Files,
    name: str | None = None,
    *,
    replace: bool = False,
    document_format: int | None = None,
    has_parts: Callable[[], bool] = lambda: False,
) -> None:
    """See that the sweep `name` may be run here: that nothing is there, or a run of that sweep.

    With `replace` a run of another sweep will do.  `document_format` is the newest format of a sweep's document that
    is known here; `has_parts` says whether there are parts, and is asked only where nothing else tells.
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
        strange = sorted(each for each in entries if not _just_begun(files, each, entries[each]))
        if strange and not has_parts():
            raise _occupied(files, strange, name)
    there = note.get("name") if _is_note(note) else manifest.get("name")
    if name is not None and isinstance(there, str) and there != name and not replace:
        raise SweepError(
            f'run directory "{files}" has a run of sweep "{there}", and this is sweep "{name}"\n'
            f"  next: give --out another place, as {_inside(files, name)}; or --replace-sweep, which publishes this "
            "sweep in the place of that one"
        )


def _in_place(files: Files, entries: Mapping[str, Entry]) -> None:
    """What has a name of ours is of the kind that it should be, and no link leads out."""
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


def _document(files: Files, entries: Mapping[str, Entry], name: str) -> dict[str, Any]:
    """A JSON document; {} without one, or if it is damaged."""
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
    """Whether this is run.json: a format alone is no mark, any program may write one."""
    return {"document", "document_digest", "command"} <= note.keys()


def _is_manifest(manifest: Mapping[str, Any]) -> bool:
    return manifest.get("format") == snapshot.FORMAT and {"snapshot", "files"} <= manifest.keys()


def _has_table(files: Files, entries: Mapping[str, Entry]) -> bool:
    """Whether there is a table that a sweep has published, without anything that says so: of an earlier version."""
    if TABLE not in entries:
        return False
    import pyarrow as pa

    with suppress(pa.ArrowInvalid, OSError, RunError):
        return b"sweep" in (pa.ipc.open_file(pa.BufferReader(files.view(TABLE))).schema.metadata or {})
    return False


def _just_begun(files: Files, name: str, entry: Entry) -> bool:
    """Whether a run makes this before its run.json: what one leaves that was killed at once, and what one has now."""
    if name == "logs":
        return entry.kind == FOLDER and not files.entries(name)
    return name in (LOCK, HOLDER)


def _occupied(files: Files, strange: list[str], name: str | None) -> SweepError:
    shown = ", ".join(f'"{each}"' for each in strange[:SHOWN])
    more = f" and {len(strange) - SHOWN:,} more" if len(strange) > SHOWN else ""
    return SweepError(
        f'"{files}" is neither empty nor a run directory: it has {shown}{more}, which might be overwritten\n'
        f"  next: give --out a directory that is empty or not there yet, as {_inside(files, name or 'NAME')}"
    )


def _inside(files: Files, name: str) -> str:
    """A place below this one, as one would type it."""
    return shlex.quote(files.at(name))
