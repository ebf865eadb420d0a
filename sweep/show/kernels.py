# SPDX-License-Identifier: MIT
"""The rules of the kernel: the list of them, a rule in detail, and what a release has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweep.document.blocks import Cell, Document, Paragraph, Section, Table
from sweep.fields.kernel import BY_NAME, OFF, ON, RULES, Rule
from sweep.fields.release import Release
from sweep.model.kernel.releases import (
    ReleaseError,
    assumptions,
    deciding,
    first_releases,
    is_assumed,
    known_release,
)

HEADER = ("rule", "since", "backported in", "what the kernel does", "without it", "source")


def listed() -> Mapping[str, Sequence[tuple[str, ...]]]:
    """A line per rule: its name, the releases that have it first, what it says, and where that is from."""
    return {"": [_line(rule) for rule in RULES]}


def _line(rule: Rule) -> tuple[str, ...]:
    """The cells of a rule, as in HEADER."""
    since, *backports = [_first(first, read) for first, read in first_releases(rule).items()]
    until = f" until {rule.until}" if rule.until else ""
    meaning = f"{rule.meaning} (only `sweep replay`: {rule.replay_only})" if rule.replay_only else rule.meaning
    return rule.name, since + until, ", ".join(backports), meaning, rule.before, f"[{rule.source}]"


def _first(release: Release, read: Release | None) -> str:
    """The first release with a rule, and where it was read if that is assumed."""
    if release == read:
        return str(release)
    return f"{release} (assumed)" if read is None else f"{release} (assumed; read in {read})"


def is_release(text: str) -> bool:
    """Whether `text` names a release whose rules are known."""
    try:
        known_release(text)
    except ReleaseError:
        return False
    return True


def detail(name: str) -> Document:
    """A rule by its name, or the rules of a release."""
    if name in BY_NAME:
        facts = [pair for pair in zip(HEADER, _line(BY_NAME[name]), strict=True) if pair[1]]
        return Document(name, "", (Section("", (_table(("", ""), facts[1:]),)),))
    release = known_release(name)
    lines = [_state(rule, release) for rule in RULES]
    assumed = tuple(Paragraph(f"{text[0].upper()}{text[1:]}.") for text in assumptions(release))
    table = _table(("rule", "", "since", "what the kernel does"), lines)
    return Document(f"Linux {release}", "", (Section("", (*assumed, table)),))


def _state(rule: Rule, release: Release) -> tuple[str, ...]:
    """The line of a rule in the detail of a release."""
    first = deciding(rule, release)
    if first is None:
        return rule.name, OFF, "", rule.before
    return rule.name, ON, f"{first} (assumed)" if is_assumed(rule, release) else str(first), rule.meaning


def _table(header: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> Table:
    return Table("", header, tuple(tuple(map(Cell, line)) for line in lines), prose=True)
