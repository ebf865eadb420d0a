# SPDX-License-Identifier: MIT
"""Claims about a limit, held against the table: who stays below it, and from which size on."""

from __future__ import annotations

import re

import numpy as np
from claim_checks import check, differs, missing
from second_statistics import interval
from table_in_sql import Facts

from sweep import claims as claim_language
from sweep.report import statements as say


@check.register
def _(claim: say.SmallestRing, facts: Facts, text: str) -> str | None:
    last = facts.one("select last_load from mixes where mix = ?", [claim.mix])
    if claim.load != last:
        return f"the highest load is {last}"
    where = f"drop_ratio <= {claim.share} and {say.at(claim.mix, claim.load, column=claim.column)}"
    found = facts.one(f"select min(ring) from points where {where}")
    if found != claim.ring:
        return f"SQL finds {found}"
    return missing(str(found), text) if claim.shown and found is not None else None


@check.register
def _(claim: say.Sides, facts: Facts, text: str) -> str | None:
    found = sides(facts, claim.expression, claim.threshold, claim.where, claim.inclusive)
    told = [(claim.below, found[0]), (claim.above, found[1]), (claim.points, found[2])]
    if any(own is not None and own != other for own, other in told):
        return f"SciPy finds {found}"
    return next((wrong for own, _ in told if claim.shown and own and (wrong := missing(f"{own}", text))), None)


@check.register
def _(claim: say.From, facts: Facts, text: str) -> str | None:
    row = re.fullmatch(r"avg\((.*)\)", claim.expression)[1]
    by_ring = {point[2]: interval(values) for point, values in facts.samples(row, claim.where).items()}
    rings = sorted(ring for ring, found in by_ring.items() if found[3])
    reached = None
    for ring in reversed(rings):
        if not by_ring[ring][2] < claim.threshold:
            break
        reached = ring
    if (reached, rings[-1]) != (claim.ring, claim.last):
        return f"SciPy finds {reached} of {rings}"
    if reached is not None:
        return missing(f"from ring {reached}", text)
    if (by_ring[rings[-1]][1] >= claim.threshold) != claim.beyond:
        return "at the largest ring it is on the other side"
    return differs(claim.there, by_ring[rings[-1]][0], text)


@check.register
def _(claim: say.ClaimOfFile, facts: Facts, text: str) -> str | None:
    asked = claim_language.parse(claim.that)
    values = facts.samples(asked.left.metric, _selected(facts, asked.left))
    if asked.right is not None:
        other = facts.samples(asked.right.metric, _selected(facts, asked.right))
        by_cell = {point[:3]: each for point, each in other.items() if np.isfinite(each).any()}
        values = {point: each - by_cell.get(point[:3], facts.nothing) for point, each in values.items()}
    good = bad = points = 0
    means = []
    for each in values.values():
        center, low, high, pairs = interval(each)
        if not pairs:
            continue
        points += 1
        means.append(center)
        strict = asked.sign in ("<", ">=")
        below = high < asked.threshold if strict else high <= asked.threshold
        above = low >= asked.threshold if strict else low > asked.threshold
        good += below if "<" in asked.sign else above
        bad += above if "<" in asked.sign else below
    if (good, bad, points) != (claim.good, claim.bad, claim.points):
        return f"SciPy finds {good} for, {bad} against of {points}"
    for number, which in ((claim.low, min), (claim.high, max)):
        if number and (wrong := differs(number, which(means), text)):
            return wrong
    return None


@check.register
def _(claim: say.LargeEnough, facts: Facts, text: str) -> str | None:
    rate = "avg(alloc_slow / nullif(rx_packets, 0))"
    rows = facts.all(
        f"select mix, load, ring, round(any_value(pool_size) / ring, 3) as size, {rate} from rows"
        f" where strategy = {say.quoted(claim.strategy)} and pool_size is not null group by mix, load, ring, col"
    )
    cells: dict[tuple, dict[float, list[float]]] = {}
    for *cell, size, value in rows:
        if value is not None:
            cells.setdefault(tuple(cell), {}).setdefault(size, []).append(value)
    found: dict[float | None, int] = {}
    chosen = [sizes for sizes in cells.values() if len(sizes) > 1]
    for sizes in chosen:
        reached = None
        for size in sorted(sizes, reverse=True):
            if np.mean(sizes[size]) >= claim.rate:
                break
            reached = size
        found[reached] = found.get(reached, 0) + 1
    if dict(claim.found) != found or claim.cells != len(chosen):
        return f"SQL finds {found} of {len(chosen)}"
    return next(
        (w for size, times in claim.found if size is not None and (w := missing(f"{size:g}× in {times}", text))),
        None,
    )


@check.register
def _(claim: say.Judged, facts: Facts, text: str) -> str | None:
    good, bad, cells = claim.good, claim.bad, claim.cells
    if not cells:
        word = "not tested by this sweep"
    elif claim.rule == "all":
        word = "refuted" if bad else "supported" if good == cells else "undecided"
    else:
        word = "supported" if good >= cells * 2 / 3 else "refuted" if bad >= cells * 2 / 3 else "undecided"
    return None if claim.word.split(",")[0] == word and claim.word in text else f"it should be {word}"


def sides(facts: Facts, expression: str, threshold: float, where: str, inclusive: bool = False) -> tuple[int, int, int]:
    below = above = points = 0
    row = re.fullmatch(r"avg\((.*)\)", expression)[1]
    for values in facts.samples(row, where or "true").values():
        _, low, high, pairs = interval(values)
        points += pairs > 0
        below += high <= threshold if inclusive else high < threshold
        above += low > threshold if inclusive else low >= threshold
    return below, above, points


def _selected(facts: Facts, cells: claim_language.Cells) -> str:
    parts = ["true"]
    for selector in cells.selectors:
        value = selector.value.removesuffix("%").strip()
        number = re.fullmatch(r"[-+]?[\d_]*\.?\d+(?:[eE][-+]?\d+)?", value)
        if number and selector.name not in ("strategy", "traffic", "label"):
            value = repr(float(value.replace("_", "")) / (100 if selector.value.endswith("%") else 1))
        else:
            value = say.quoted(selector.value)
        parts.append(f"{selector.name} {selector.sign} {value}")
    return " and ".join(parts)
