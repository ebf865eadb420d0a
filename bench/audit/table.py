# SPDX-License-Identifier: MIT
"""What the audit found, as a table: promised beside realised, and whether the promise is kept.

An error rate keeps its promise if its upper 95 % limit does [clopper-1934].  Where the
rate itself is within the promise and its limit is not, too few series were simulated to show it: open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import beta

PASS, FAIL, OPEN = "PASS", "FAIL", "open"
NOTHING = "-"


@dataclass(frozen=True)
class Line:
    """One promise."""

    what: str
    promised: str  # "" for what is only told
    realised: tuple[str, ...]  # one for each column of its section
    verdict: str = ""  # PASS, FAIL, OPEN, or "" for what is only told


@dataclass(frozen=True)
class Section:
    """Lines with the same columns."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def upper(errors: int, series: int, confidence: float = 0.95) -> float:
    """One-sided upper limit of the rate of which `errors` in `series` were seen."""
    return 1.0 if errors >= series else float(beta.ppf(confidence, errors + 1, series - errors))


def judged(errors: int, series: int, promised: float) -> str:
    """Whether an error rate is at most what was promised."""
    if not series:
        return OPEN
    if upper(errors, series) <= promised:
        return PASS
    return FAIL if errors / series > promised else OPEN


def rate(errors: int, series: int) -> str:
    """ "1.2 <= 2.9 of 500": the rate, its upper limit in %, and the number of series."""
    return f"{100 * errors / series:.1f} <= {100 * upper(errors, series):.1f} of {series:,}" if series else NOTHING


def worst(verdicts: Sequence[str]) -> str:
    """The verdict on several at once."""
    return next((each for each in (FAIL, OPEN) if each in verdicts), PASS)


def render(sections: Sequence[Section]) -> str:
    """As text; sections with the same title and columns are one."""
    merged: dict[tuple[str, tuple[str, ...]], list[Line]] = {}
    for section in sections:
        merged.setdefault((section.title, section.columns), []).extend(section.lines)
    blocks = []
    for (title, columns), lines in merged.items():
        rows = [(title, "promised", *columns, "")]
        rows += [(line.what, line.promised, *line.realised, line.verdict) for line in lines]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        blocks.append("\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows))
    return "\n\n".join(blocks)
