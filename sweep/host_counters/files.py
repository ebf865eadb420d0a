# SPDX-License-Identifier: MIT
"""Files and folders of a host, each read into the moment that its name or its place on the command line says.

Not modelled: several interfaces whose `ethtool -S` text is in one folder: it does not name its interface.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sweep import standard_input
from sweep.errors import SweepError

from . import json_forms, text_forms
from .readings import ETHTOOL, Moment

MOST_BYTES = 16 << 20  # of one file; a dump of 1,000 pools has a few hundred kB
MOST_NOTES = 20  # of one file that are kept
MOST_FILES = 4096  # in one folder
WHEN = re.compile(r"(?:^|[._\- ])(before|after|during|end)(?:[._\- ]|$)")
COMMAND = re.compile(r"ethtool[_\- ]*-?([A-Za-z])\b")
AT_THE_END = {"after", "end"}


@dataclass
class Host:
    """What the files say of a host.  `before` is None if there is only one moment; `during` is for levels."""

    before: Moment | None = None
    after: Moment = field(default_factory=Moment)
    during: Moment | None = None
    settings: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def moments(self) -> list[Moment]:
        """Those that there are, in their order."""
        return [moment for moment in (self.before, self.during, self.after) if moment is not None]


def read(before: Sequence[Path], after: Sequence[Path] = ()) -> Host:
    """The host that these files and folders are of.

    With `after`, all of `before` is the first moment.  Without, the words "before", "after", "during" and "end" in
    the names of the files say which is which; of two files without them that count the same, the second is the later.
    Errors: SweepError if nothing of them is readable as counters or settings of a host.
    """
    host = Host()
    for path in _expanded(before):
        _place(host, path, _one(path), "before" if after else _when(path))
    for path in _expanded(after):
        _place(host, path, _one(path), "after")
    if host.before is not None and not host.after.counters and not after:
        host.before, host.after = None, _merged(host.after, host.before)
    if host.during is not None and not host.after.counters:
        host.after, host.during = _merged(host.after, host.during), None
    for moment in host.moments:
        for source, values in moment.settings.items():
            host.settings.setdefault(source, {}).update(values)
    if not any(moment.counters or moment.levels or moment.facts or moment.refused for moment in host.moments) and (
        not host.settings
    ):
        read_files = [f"  {note}" for moment in host.moments for note in moment.notes[:5]]
        raise SweepError(
            "\n".join(
                [
                    "nothing in these files is a counter or a setting of a host that is known",
                    *read_files,
                    "  next: ethtool -S eth0 > before.ethtool_S.txt; ...; sweep import counters FOLDER",
                ]
            )
        )
    return host


def _when(path: Path) -> str:
    found = WHEN.search(path.name.lower())
    return found[1] if found else ""


def _expanded(paths: Sequence[Path]) -> list[Path]:
    """Files as they are; the files of a folder by name.  Errors: SweepError."""
    files: list[Path] = []
    for path in paths:
        if standard_input.is_meant(path) or not path.is_dir():
            files.append(path)
            continue
        try:
            inside = sorted(entry for entry in path.iterdir() if entry.is_file())
        except OSError as error:
            raise SweepError(f'"{path}" cannot be read: {error.strerror}') from None
        if not inside:
            raise SweepError(f'"{path}" has no files\n  next: sweep import counters FOLDER with what ethtool printed')
        if len(inside) > MOST_FILES:
            raise SweepError(f'"{path}" has {len(inside)} files: at most {MOST_FILES}\n  next: name the files')
        files += inside
    return files


def _place(host: Host, path: Path, moment: Moment, when: str) -> None:
    if when == "during":
        host.during = _merged(host.during, moment)
    elif when in AT_THE_END:
        host.after = _merged(host.after, moment)
    elif when == "before":
        host.before = _merged(host.before, moment)
    elif moment.counters and host.before is not None and not moment.counters.keys().isdisjoint(host.before.counters):
        host.after = _merged(host.after, moment)
    elif moment.counters:
        host.before = _merged(host.before, moment)
    else:
        host.after = _merged(host.after, moment)


def _merged(into: Moment | None, other: Moment | None) -> Moment:
    if into is None or other is None:
        return into or other or Moment()
    for level, values in ((False, other.counters), (True, other.levels)):
        for key, value in values.items():
            into.count(other.files[0][0] if other.files else "", key, value, level=level)
    for source, settings in other.settings.items():
        into.settings.setdefault(source, {}).update(settings)
    for scope, facts in other.facts.items():
        into.facts.setdefault(scope, {}).update(facts)
    into.refused.update(other.refused)
    into.files += other.files
    into.notes += other.notes
    return into


def _one(path: Path) -> Moment:
    """What one file holds.  Errors: SweepError if it cannot be opened."""
    moment, name = Moment(), standard_input.name(path)
    try:
        content = standard_input.data(path, MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SweepError(f'"{name}" cannot be read: {reason}\n  next: sweep import counters FOLDER') from None
    short = path.name
    if len(content) > MOST_BYTES:
        moment.notes.append(f"{short}: more than {MOST_BYTES >> 20} MiB: not read")
        moment.files.append((short, "not read"))
        return moment
    if not content.strip():
        moment.notes.append(f"{short}: empty")
        moment.files.append((short, "empty"))
        return moment
    text = content.decode("utf-8", errors="replace")
    sources = _json(moment, short, text) if text.lstrip()[0] in "[{" else None
    if sources is None:
        sources = _text(moment, short, text)
    if not sources:
        moment.notes.append(f"{short}: of no known kind: not read")
    moment.files.append((short, ", ".join(dict.fromkeys(sources)) or "not read"))
    if len(moment.notes) > MOST_NOTES:
        rest = len(moment.notes) - MOST_NOTES
        moment.notes[MOST_NOTES:] = [f"{short}: and {rest} more doubts"]
    return moment


def _json(moment: Moment, file: str, text: str) -> list[str] | None:
    """The sources that JSON is of; None if the text is none and may be something else, as bnxt's `[0]: ...` is."""
    try:
        value = json_forms.decoded(text)
    except json_forms.NotReadError as error:
        if text_forms.kind(text.lstrip().splitlines()[0]) is None and not text.startswith("[0]: "):
            moment.notes.append(f"{file}:{error}: cut off, or no JSON: not read")
            return ["not read"]
        return None
    source = json_forms.read(moment, file, value, file)
    return [source] if source else []


def _text(moment: Moment, file: str, text: str) -> list[str]:
    lines = list(enumerate(text.splitlines(), 1))
    cut = lines.pop() if not text.endswith("\n") and lines else None
    sources: list[str] = []
    statistics = 0
    for source, section in text_forms.sections(lines):
        if source is None:
            first = section[0][1]
            command = COMMAND.search(file)
            if text_forms.REFUSED.match(first) and command:
                moment.refused[f"ethtool -{command[1]}"] = first.rpartition(": ")[2][:80]
                sources.append(f"ethtool -{command[1]} (refused)")
            elif "\0" not in first and len(section) and sources:
                moment.notes.append(f'{file}:{section[0][0]}: "{first.strip()[:40]}" is of no known command: not read')
            continue
        statistics += source == ETHTOOL
        scope = f"#{statistics}" if source == ETHTOOL and statistics > 1 else ""
        text_forms.READERS[source](moment, file, section, scope)
        sources.append(source)
    if cut and sources:
        said = f'"{cut[1].strip()[:40]}" has no line end, as if cut off there: not used'
        moment.notes.append(f"{file}:{cut[0]}: {said}")
    return sources
