# SPDX-License-Identifier: MIT
"""Claims about paired comparisons, held against the table: with the baseline, with rivals, of one ring with another."""

from __future__ import annotations

import math

import numpy as np

from sweep.document import statements as say
from tests.report.claim_checks import check, differs, missing, near
from tests.report.second_statistics import DROP_MARGIN, MARGIN, Contest, call, interval, logs
from tests.report.table_in_sql import Facts

PAGE_COSTS = ("allocate", "recycle", "dma", "lock")


@check.register
def _(claim: say.CostDifference, facts: Facts, text: str) -> str | None:
    if claim.baseline != facts.base:
        return f"the baseline is {facts.base}"
    found = facts.over_cells(say.at(claim.mix, claim.load, claim.ring), claim.column, logs)
    center, low, high, pairs = interval(found)
    if claim.verdict and call(found, math.log1p(MARGIN)) != claim.verdict:
        return f"SciPy says {call(found, math.log1p(MARGIN))}"
    if claim.pairs and pairs != claim.pairs:
        return f"SQL finds {pairs} pairs"
    if claim.center:
        shown = claim.center.text
        if shown.endswith((" fewer", " more")):
            if missing(shown, text) or (center < 0) != shown.endswith("fewer"):
                return f"{shown} is not said, or {center} is"
            if not near(claim.center.value, math.expm1(center)):
                return f"SciPy finds {math.expm1(center)}"
        elif wrong := differs(claim.center, math.expm1(center), text):
            return wrong
    if claim.half:
        ends = [math.expm1(each) - math.expm1(center) for each in (low, high)]
        half = ends[1] if not claim.verdict else max(abs(each) for each in ends)
        return differs(claim.half, half, text)
    return None


@check.register
def _(claim: say.Compared, facts: Facts, text: str) -> str | None:
    own = facts.samples(claim.expression, claim.where)
    other = facts.samples(claim.expression, f"col = {say.quoted(claim.against)}")
    calls, means = [], []
    for (mix, load, ring, _), values in own.items():
        reference = other.get((mix, load, ring, claim.against), facts.nothing)
        found = logs(values, reference) if claim.ratio else values - reference
        if np.isfinite(found).any():
            calls.append(call(found, math.log1p(claim.margin)))
            means.append(math.expm1(interval(found)[0]) if claim.ratio else interval(found)[0])
    counts = [
        (claim.lower, calls.count("lower")),
        (claim.higher, calls.count("higher")),
        (claim.points, len(calls)),
    ]
    if any(told is not None and told != found for told, found in counts):
        return f"SciPy finds {counts}"
    for number, which in ((claim.low, min), (claim.high, max)):
        if number and (wrong := differs(number, which(means), text)):
            return wrong
    return next(
        (
            w
            for told, _ in counts[:2]
            if told is not None and claim.points and "cheaper" in text and (w := missing(f"{told}", text))
        ),
        None,
    )


@check.register
def _(claim: say.NotCostlier, facts: Facts, text: str) -> str | None:
    fits = dearer = points = 0
    for (mix, load, ring, _), values in facts.samples("ns_per_packet", claim.where).items():
        told = [logs(values, facts.ns.get((mix, load, ring, rival), facts.nothing)) for rival in claim.rivals]
        told = [each for each in told if np.isfinite(each).any()]
        if told:
            points += 1
            calls = [call(each, math.log1p(MARGIN)) for each in told]
            equal = [
                set(each[np.isfinite(each)].tolist()) == {0.0} and word != "few"
                for each, word in zip(told, calls, strict=True)
            ]
            fits += all(word in ("lower", "equivalent") or same for word, same in zip(calls, equal, strict=True))
            dearer += "higher" in calls
    if (fits, dearer, points) != (claim.fits, claim.dearer, claim.points):
        return f"SciPy finds {fits}, {dearer} of {points}"
    names = {facts.strategy[rival] for rival in claim.rivals}
    return next((wrong for name in names if (wrong := missing(name, text))), None)


@check.register
def _(claim: say.RingSize, facts: Facts, text: str) -> str | None:
    own = {
        ring: values
        for (mix, load, ring, col), values in facts.ns.items()
        if (mix, load, col) == (claim.mix, claim.load, claim.column)
    }
    drops = None
    if facts.dropped is not None:
        drops = {str(ring): facts.dropped[claim.mix, claim.load, ring, claim.column] for ring in own}
    others = {
        col
        for (mix, load, _, col), values in facts.ns.items()
        if (mix, load) == (claim.mix, claim.load) and np.isfinite(values).any()
    }
    excess = facts.excess({str(ring): (claim.mix, claim.load, ring, claim.column) for ring in own})
    found = Contest({str(ring): values for ring, values in own.items()}, drops, len(others), excess)
    rings = sorted(ring for ring, values in own.items() if np.isfinite(values).any())
    small, large = str(rings[0]), str(rings[-1])
    unknown = {*found.open, *found.faster_droppers}
    good = {found.best, *found.close}
    if found.pairs < 2 or unknown & {small, large}:
        word = "open"
    else:
        word = {(True, True): "alike", (False, True): "helps", (True, False): "hurts"}.get(
            (small in good, large in good), "between"
        )
    if word != claim.word:
        return f"SciPy says it {word}"
    if int(found.best) != claim.best and not near(found.mean[found.best], found.mean[str(claim.best)]):
        return f"the best ring is {found.best}"
    for cause, worse in claim.causes:
        if cause != (why := _cause(facts, claim, worse, claim.best)):
            return f"at {worse} it is {why}"
    return None


def _cause(facts: Facts, claim: say.RingSize, worse: int, best: int) -> str:
    def more(name: str) -> float:
        values = facts.samples(name, say.at(claim.mix, claim.load, column=claim.column))
        points = [values[claim.mix, claim.load, ring, claim.column] for ring in (worse, best)]
        return interval(points[0] - points[1])[0]

    if facts.dropped is not None and more("drop_ratio") > DROP_MARGIN:
        return "drops"
    if not all(facts.has(f"{part}_ns_per_packet") for part in PAGE_COSTS):
        return "cost"
    parts = {"pages": sum(more(f"{part}_ns_per_packet") for part in PAGE_COSTS)}
    if facts.has("cache_ns_per_packet"):
        parts["cache"] = more("cache_ns_per_packet")
    parts["rest"] = more("ns_per_packet") - sum(parts.values())
    return max(parts, key=parts.__getitem__)
