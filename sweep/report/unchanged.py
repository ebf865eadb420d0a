# SPDX-License-Identifier: MIT
"""Which files of a report are as they would be made again: a record of what they were made of lies beside them.

A report follows from the published files, from how the run directory was called (its commands name it), and from the
code and the libraries that make it.  The record has one digest of these and one of each file, so that a file that was
removed or edited is made again, too.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from sweep import records
from sweep.package import PACKAGE
from sweep.records import TEXT, TEXTS
from sweep.storage import snapshot
from sweep.storage.files import Files

RECORD = "report-digests.json"
FORM = {"made_of": TEXT, "files": TEXTS}
# The folders of the code that makes a report; beside them, the files of the package itself.
FOLDERS = ("conditions", "document", "evidence", "fields", "report", "results", "stats", "storage")
LIBRARIES = ("jinja2", "numpy", "pyarrow", "scipy")


def made_of(files: Files, location: str) -> str | None:
    """Digest of all that a report at `location` follows from; None if its table was published without a manifest.

    Raises RunError if the manifest is damaged.
    """
    manifest = snapshot.manifest(files)
    if manifest is None:
        return None
    published = sorted((name, *entry) for name, entry in manifest.files.items())
    versions = [platform.python_version(), *map(version, LIBRARIES)]
    return _digest(json.dumps([location, published, versions, _code()]).encode())


def as_written(files: Files, digest: str | None, names: Iterable[str]) -> dict[str, str]:
    """Those of the files `names` that were made of what has this digest and are as they were written, with theirs."""
    try:
        record = records.read(files.get(RECORD), FORM, FORM)
    except (FileNotFoundError, records.RecordError):
        return {}
    written = record["files"] if record["made_of"] == digest else {}
    return {name: written[name] for name in names if name in written and _is(files, name, written[name])}


def _is(files: Files, name: str, digest: str) -> bool:
    try:
        return _digest(files.get(name)) == digest
    except FileNotFoundError:
        return False


def note(files: Files, digest: str | None, written: Mapping[str, bytes], kept: Mapping[str, str]) -> None:
    """Record that the files `written` were made of what has this digest, as those were that `as_written` returned."""
    if digest is not None:
        digests = {**kept, **{name: _digest(data) for name, data in written.items()}}
        files.put(RECORD, json.dumps({"made_of": digest, "files": digests}, indent=1).encode())


def _code() -> str:
    paths = [*PACKAGE.glob("*.py"), *(path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*"))]
    sources = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file() and path.suffix != ".pyc"):
        sources.update(f"{path.relative_to(PACKAGE)} {_digest(path.read_bytes())}\n".encode())
    return sources.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
