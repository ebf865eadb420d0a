# SPDX-License-Identifier: MIT
"""A comparison as JUnit XML: a test suite per rule of the gate, a test case per group of cells.

A group is a strategy in a traffic mix; loads and rings are inside it.  A regression is a failure.  Too little data is
an error: CI systems show skipped tests as green, and a gate that could not decide must not look like one that passed.

Source: the schema that Jenkins publishes for its xUnit plug-in (testsuites, testsuite, testcase, failure, error).
"""

from __future__ import annotations

from xml.etree import ElementTree

from sweep import format
from sweep.safe_text import visible  # of what it leaves, XML 1.0 has all
from sweep.stats.margins import Verdict

from .comparison import Comparison
from .gate_self_test import SelfTest
from .wording import comparison_line

SHOWN = 20  # comparisons in one message
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
BAD = ((Verdict.REGRESSED, "failure", "regressed"), (Verdict.UNDECIDED, "error", "too little data"))
Groups = dict[str, list[int]]


def render(found: Comparison | SelfTest) -> str:
    """The comparison as the text of an XML file."""
    comparison = found.comparison if isinstance(found, SelfTest) else found
    root = ElementTree.Element("testsuites", name="sweep compare")
    names = [comparison.pairing.words(cell, group=True) for cell in range(comparison.pairing.cells)]
    ranked = [{place: rank for rank, place in enumerate(comparison.which(verdict))} for verdict, _, _ in BAD]
    for place, rule in enumerate(comparison.gate.rules):
        groups: Groups = {}
        for comparison_index in (comparison.rule == place).nonzero()[0].tolist():
            groups.setdefault(names[comparison.cell[comparison_index]], []).append(comparison_index)
        suite = ElementTree.SubElement(root, "testsuite", name=visible(rule.title))
        for name, members in groups.items():
            case = ElementTree.SubElement(
                suite, "testcase", classname=visible(f"sweep.{rule.metric}"), name=visible(name), time="0"
            )
            _outcome(case, comparison, ranked, members)
        _count(suite)
    _count(root)
    ElementTree.indent(root)
    return f"{HEAD}{ElementTree.tostring(root, encoding='unicode')}\n"


def _outcome(case: ElementTree.Element, found: Comparison, ranked: list[dict[int, int]], members: list[int]) -> None:
    """Add a failure to `case` if a cell of the group regressed, else an error if one is undecided, else nothing."""
    for rank, (_, tag, label) in zip(ranked, BAD, strict=True):
        failing = sorted((place for place in members if place in rank), key=rank.__getitem__)
        if failing:
            cells = format.count(len(members), "cell")
            message = f"{label} in {len(failing):,} of {cells}; worst: {comparison_line(found, failing[0])}"
            entry = ElementTree.SubElement(case, tag, type=label, message=visible(message))
            lines = [comparison_line(found, place) for place in failing[:SHOWN]]
            if len(failing) > SHOWN:
                lines.append(f"and {len(failing) - SHOWN:,} more")
            entry.text = visible("\n".join(lines))
            return


def _count(node: ElementTree.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        node.set(name, str(sum(1 for _ in node.iter(tag))))
    node.set("skipped", "0")
    node.set("time", "0")
