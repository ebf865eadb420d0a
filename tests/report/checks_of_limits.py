# SPDX-License-Identifier: MIT
"""Claims about a limit, held against the table: who stays below it, and from which size on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np

from sweep import conditions
from sweep.conditions import tree
from sweep.document import statements as say
from tests.report.claim_checks import check, differs, missing
from tests.report.second_evidence import difference, mean
from tests.report.second_statistics import CONFIDENCE, interval
from tests.report.table_in_sql import Facts


@check.register
def _(claim: say.SmallestRing, facts: Facts, text: str) -> str | None:
    last = facts.one("select last_load from mixes where mix = ?", [claim.mix])
    if claim.load != last:
        return f"the highest load is {last}"
    points = facts.samples("drop_ratio", say.at(claim.mix, claim.load, column=claim.column))
    by_ring = {point[2]: mean("drop_ratio", facts.evidence(point)) for point in points}
    ring = undecided = None
    for place in sorted(place for place, found in by_ring.items() if found[3]):
        if by_ring[place][2] <= claim.share:
            ring = place
        elif not by_ring[place][1] > claim.share:
            undecided = place
        else:
            continue
        break
    if (ring, undecided) != (claim.ring, claim.undecided):
        return f"SciPy finds ring {ring}, undecided {undecided}"
    return missing(str(ring), text) if claim.shown and ring is not None else None


@check.register
def _(claim: say.ThresholdCounts, facts: Facts, text: str) -> str | None:
    found = sides(facts, claim.expression, claim.threshold, claim.where, claim.inclusive)
    told = [(claim.below, found[0]), (claim.above, found[1]), (claim.points, found[2])]
    if any(own is not None and own != other for own, other in told):
        return f"SciPy finds {found}"
    return next((wrong for own, _ in told if claim.shown and own and (wrong := missing(f"{own}", text))), None)


@check.register
def _(claim: say.BelowFromRing, facts: Facts, text: str) -> str | None:
    row = re.fullmatch(r"avg\((.*)\)", claim.expression)[1]
    by_ring = {point[2]: mean(row, facts.evidence(point)) for point in facts.samples(row, claim.where)}
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
    asked = conditions.parse_bound(claim.that)
    judged = _judged(facts, asked)
    good = bad = points = 0
    means = []
    there = sum(bool(each(CONFIDENCE)[3]) for each in judged)
    threshold = asked.threshold("1")  # the claims of these tables have no units
    for each in judged:
        center, low, high, pairs = each(CONFIDENCE)
        _, lowest, highest, _ = each(1 - (1 - CONFIDENCE) / max(there, 1))  # one of them refutes
        if not pairs:
            continue
        points += 1
        means.append(center)
        strict = asked.sign in ("<", ">=")
        ends = {"below": (high, highest), "above": (low, lowest)}
        below, surely_below = ((end < threshold if strict else end <= threshold) for end in ends["below"])
        above, surely_above = ((end >= threshold if strict else end > threshold) for end in ends["above"])
        good += below if "<" in asked.sign else above
        bad += surely_above if "<" in asked.sign else surely_below
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
        f'select mix, load, ring, round(any_value("strategy.pool_size") / ring, 3) as size, {rate} from rows'
        f' where strategy = {say.quoted(claim.strategy)} and "strategy.pool_size" is not null'
        " group by mix, load, ring, col"
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
def _(claim: say.VerdictByRule, facts: Facts, text: str) -> str | None:
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
    for point in facts.samples(row, where or "true"):
        _, low, high, pairs = mean(row, facts.evidence(point))
        points += pairs > 0
        below += high <= threshold if inclusive else high < threshold
        above += low > threshold if inclusive else low >= threshold
    return below, above, points


def _judged(facts: Facts, asked: conditions.Bound) -> list[Callable[[float], tuple]]:
    """Of every point that a claim selects, what is known of it at a confidence."""
    left, right = asked.left.metric, asked.right
    own = facts.samples(left, _selected(facts, asked.left))
    if right is None:
        return [partial(mean, left, facts.evidence(point)) for point in own]
    other = facts.samples(right.metric, _selected(facts, right))
    if left != right.metric:
        by_cell = {point[:3]: each for point, each in other.items()}
        return [partial(interval, values - by_cell.get(point[:3], facts.nothing)) for point, values in own.items()]
    by_cell = {point[:3]: point for point in other}
    return [
        partial(difference, left, facts.evidence(point), facts.evidence(by_cell.get(point[:3], ()))) for point in own
    ]


def _selected(facts: Facts, cells: conditions.MetricCells) -> str:
    return " and ".join(["true", *map(_in_sql, conditions.conjuncts(cells.where))])


def _in_sql(node: tree.Expression) -> str:
    """A comparison of a column with a word or a number, or several of these."""
    assert isinstance(node, tree.Operation)
    if node.sign in ("and", "or"):
        return f"({f' {node.sign} '.join(map(_in_sql, node.parts))})"
    name, value = node.parts
    if isinstance(value, tree.NumberLiteral):
        share = 100 if value.unit == "%" else 1
        return f"{name.word} {node.sign} {float(value.digits.replace('_', '')) / share!r}"
    return f"{name.word} is null" if value.word == "none" else f"{name.word} {node.sign} {say.quoted(value.word)}"
