# SPDX-License-Identifier: MIT
"""docs/sources.md has what is cited in brackets and nothing else; nothing cites notes outside the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/sources.md"

# What looks like a key: a name and a year (and a day), or the kind of source and its name there.
KINDS = "kernel|linux|lab|xdp-paper|prototype-kernel|go|bep|rfc"
KEY = re.compile(rf"\[([a-z][a-z-]*-(?:19|20)\d\d(?:-\d\d){{0,2}}|(?:{KINDS}) [\w./-]+)\](?!\()")
ENTRY = re.compile(r"^\* \[([^]]+)\] (\S.*)$", re.M)

OUTSIDE = re.compile(
    r"fidelity (?:section|[A-Z]\d|[A-E]\b)|page_pool semantics section|model blueprint|\bA1[0-3]\.\d|"
    r"\b(?:fidelity|statistics|kernel_eras|rules_against_sources|peers)\.(?:md|csv)\b|\.\./shared\b",
    re.I,
)
# The inputs of golden digests stay as they were when the digests were taken; traces and tables are data.
FROZEN = ("tests/golden/tables/inputs/",)
TEXTS = {".py", ".md", ".yaml", ".toml", ".txt", ".json", ".j2", ""}


def texts() -> dict[str, str]:
    """Text of each file of the repository that people write, but for this one, on one line each, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.splitlines() if not name.startswith(FROZEN) and (ROOT / name).is_file()]
    paths = {name: ROOT / name for name in names if Path(name).suffix in TEXTS}
    del paths[Path(__file__).relative_to(ROOT).as_posix()]
    return {name: path.read_text() for name, path in paths.items() if not path.is_symlink()}


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """The texts, each without the breaks of its lines and the marks of comments, so that a key may go over an end."""
    return {name: re.sub(r"\s*\n[\s#]*", " ", text) for name, text in texts().items()}


@pytest.fixture(scope="module")
def cited(written: dict[str, str]) -> dict[str, str]:
    """Each key that is cited, and a file that cites it."""
    page = PAGE.relative_to(ROOT).as_posix()
    found = {key: name for name, text in written.items() if name != page for key in KEY.findall(text)}
    # entries cite each other in their text
    return found | {key: page for _, said in ENTRY.findall(PAGE.read_text()) for key in KEY.findall(said)}


def entries() -> list[str]:
    return [key for key, _ in ENTRY.findall(PAGE.read_text())]


def test_every_key_that_is_cited_has_an_entry(cited: dict[str, str]) -> None:
    assert {key: name for key, name in cited.items() if key not in entries()} == {}


def test_every_entry_is_cited(cited: dict[str, str]) -> None:
    assert sorted(set(entries()) - set(cited)) == []


def test_an_entry_has_one_place_and_a_key_that_is_known_as_one() -> None:
    assert len(entries()) == len(set(entries())) > 80
    assert [key for key in entries() if not KEY.fullmatch(f"[{key}]")] == []


def test_entries_of_a_section_are_in_order() -> None:
    for section in PAGE.read_text().split("\n## ")[1:]:
        keys = [key for key, _ in ENTRY.findall(section)]
        assert keys == sorted(keys)


def test_commits_have_their_subject_and_first_release() -> None:
    for key, said in ENTRY.findall(PAGE.read_text()):
        if key.startswith("kernel "):
            assert re.match(rf'{key.removeprefix("kernel ")} \("[^"]+", \d+\.\d+', said), key


def test_nothing_cites_notes_that_are_not_here(written: dict[str, str]) -> None:
    assert {name: found[0] for name, text in written.items() if (found := OUTSIDE.search(text))} == {}


@pytest.mark.parametrize(
    "text", ["Source: fidelity A6, C01.", "(fidelity V40)", "fidelity section 0", "see statistics.md", "(A12.5)"]
)
def test_such_notes_are_found(text: str) -> None:
    assert OUTSIDE.search(text)


@pytest.mark.parametrize(
    "text", ["[rubin-2024]", "[brouer-2017-03-01]", "[kernel 5e0d2a6fc094]", "[xdp-paper bench02]"]
)
def test_such_keys_are_found(text: str) -> None:
    assert KEY.findall(f"x {text}, y[-1] [a-z0-9] [kernel rules](kernels.md)") == [text[1:-1]]
