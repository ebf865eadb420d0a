# SPDX-License-Identifier: MIT
"""Complete outputs, compared with files in golden/, one per hard case; some in every format.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/compare/test_compare_golden.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_tables import Row, table, worse

from sweep import compare

GOLDEN = Path(__file__).parent / "golden"
HUNDRED = {
    "mixes": ("router", "host", "flood", "mixed", "slow"),
    "loads": (0.1, 0.3),
    "rings": (64, 256, 512, 1024, 4096),
}
ENDINGS = {"txt": "txt", "md": "md", "json": "json", "junit": "xml"}


def exact(row: Row) -> None:
    """Every replicate the same number."""
    row["ns_per_packet"] = 500.0
    if row["strategy"] == "page_pool" and row["ring"] == 256:
        row["ns_per_packet"] = 520.0


def lost(row: Row) -> bool:
    """A whole cell, and two replicates of another."""
    is_pool, ring = row["strategy"] == "page_pool", row["ring"]
    return not (is_pool and (ring == 256 or (ring == 1024 and row["replicate"] > 1)))


def from_zero(row: Row) -> None:
    """Drops and calls where BASE has none: one within what is accepted, one beyond it."""
    if row["strategy"] == "page_pool":
        row["drop_ratio"] = 0.0005
        row["allocator_calls_per_packet"] = 0.002 if row["ring"] == 256 else 0.0004


def nudged(row: Row) -> None:
    """Too noisy to tell: about as much worse as is accepted."""
    row["ns_per_packet"] *= 1 + 0.004 * ((row["replicate"] + row["ring"] // 256) % 4)


def numbered(row: Row) -> None:
    """An atomic costs 3 % more."""
    row["host.atomic"] = 4.912
    row["ns_per_packet"] *= 1.03


CASES = {
    "itself": lambda: (table(), table()),
    "equivalent": lambda: (table(), table(version="new")),
    "one_pair": lambda: (table(replicates=1), table(worse(0.03), replicates=1, version="new")),
    "exact": lambda: (table(exact, noise=0.0), table(lambda row: None, noise=0.0, own_noise=0.0, version="new")),
    "missing_cells": lambda: (table(), table(keep=lost, rings=(256, 1024, 4096), version="new")),
    "itself_in_part": lambda: (table(), table(rings=(256,))),
    "zero_baseline": lambda: (table(), table(from_zero, version="new")),
    "too_little": lambda: (table(), table(nudged, version="new")),
    "one_of_100": lambda: (
        table(**HUNDRED),
        table(worse(0.03, strategy="page_pool", traffic="slow", load=0.3, ring=512), version="new", **HUNDRED),
    ),
    "a_cost": lambda: (table(), table(numbered, version="new")),
}
CODES = {
    "one_pair": 4,
    "exact": 1,
    "missing_cells": 4,
    "itself_in_part": 4,
    "zero_baseline": 1,
    "too_little": 4,
    "one_of_100": 1,
    "a_cost": 1,
}
SHOWN = [*((name, "txt") for name in CASES), ("a_cost", "md"), ("one_of_100", "junit"), ("zero_baseline", "json")]


def compared(name: str, gate: Path):
    base, new = CASES[name]()
    return compare.runs(base, new, gate=gate)


@pytest.mark.parametrize(("name", "form"), [*SHOWN, ("missing_cells", "junit"), ("missing_cells", "md")])
def test_golden(name, form, gate):
    got = compare.write(compared(name, gate), form)
    path = GOLDEN / f"{name}.{ENDINGS[form]}"
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_exit_codes(name, gate):
    assert compared(name, gate).exit_code == CODES.get(name, 0)


def test_golden_self_test(gate):
    """Also of a gate that cannot fail, as its text says."""
    got = compare.write(compare.self_test(compared("equivalent", gate)), "txt")
    path = GOLDEN / "self_test.txt"
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [72, 100])
def test_the_text_is_one_screen_and_no_wider(name, width, gate):
    lines = compare.write(compared(name, gate), "txt", width).splitlines()
    assert max(map(len, lines)) <= width
    if width == 100:
        assert len(lines) <= 50


@pytest.mark.parametrize("name", CASES)
def test_all_forms_say_the_same(name, gate):
    found = compared(name, gate)
    record = json.loads(compare.write(found, "json"))
    assert record["format"] == 1
    assert (record["verdict"], record["exit_code"]) == (found.verdict, found.exit_code)
    assert len(record["comparisons"]) == len(found) == sum(record["counts"].values())
    assert sum(rule["counts"]["regressed"] for rule in record["rules"]) == record["counts"]["regressed"]

    suites = ElementTree.fromstring(compare.write(found, "junit"))
    cases = list(suites.iter("testcase"))
    for node in [suites, *suites.iter("testsuite")]:
        for counted, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(node.attrib[counted]) == len(list(node.iter(tag)))
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)
    assert bool(list(suites.iter("failure"))) == (found.exit_code == 1)
    assert (not list(suites.iter("failure")) and not list(suites.iter("error"))) == (found.exit_code == 0)

    text, markdown = compare.write(found, "txt"), compare.write(found, "md")
    assert markdown.startswith(f"# {text.split(':')[0]}")
