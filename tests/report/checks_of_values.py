# SPDX-License-Identifier: MIT
"""Claims about numbers of a table, held against it: counts, means, extremes, shares of variance."""

from __future__ import annotations

import math

import numpy as np

from sweep.document import statements as say
from tests.report.claim_checks import check, differs, missing, near
from tests.report.second_evidence import mean
from tests.report.second_statistics import gone_before, interval, share_of_variance
from tests.report.table_in_sql import Facts


@check.register
def _(claim: say.NoClaim, facts: Facts, text: str) -> str | None:
    return None


@check.register
def _(claim: say.Metadata, facts: Facts, text: str) -> str | None:
    found = facts.about.get(claim.name)
    shown = f"{int(claim.value):,}" if claim.name == "simulations" else claim.value
    same = str("" if found is None else found) == claim.value
    return missing(shown, text) if same else f"metadata says {found!r}"


@check.register
def _(claim: say.Lacking, facts: Facts, text: str) -> str | None:
    return f"{claim.column} has values" if facts.has(claim.column) else None


@check.register
def _(claim: say.Count, facts: Facts, text: str) -> str | None:
    if claim.of == "duplicates":
        found = facts.count("every") - facts.count("kept")
    elif claim.of == "series of rings":
        found = facts.count("(select mix from points where last and pairs > 0 group by mix, col having count(*) > 1)")
    elif claim.of.startswith("distinct "):
        what, relation = claim.of.removeprefix("distinct ").rsplit(" of ", 1)
        what = what.replace("(seed, replicate)", "(sd, replicate)")
        found = int(facts.one(f"select count(distinct {what}) from {relation} where {claim.where or 'true'}"))
    elif " with " in claim.of:
        found = len(facts.means(claim.of.split(" with ")[1], claim.where))
    else:
        found = facts.count(claim.of, claim.where)
    if found != claim.number:
        return f"SQL counts {found}"
    if "too few independent episodes were seen" in text and claim.of.startswith("points with "):
        points = [facts.evidence(point) for point in facts.all("select mix, load, ring, col from points")]
        if claim.number != (found := sum(not each.enough and not each.constant for each in points)):
            return f"{found} have seen too little"
    return missing(f"{claim.number:,}", text) if claim.shown else None


@check.register
def _(claim: say.Extreme, facts: Facts, text: str) -> str | None:
    if claim.of == "points":
        values = facts.means(claim.expression, claim.where)
    elif claim.of == "cell means":
        values = facts.cell_means(claim.expression, claim.where)
    else:
        rows = facts.all(f"select {claim.expression} from {claim.of} where {claim.where or 'true'}")
        values = [float(value) for (value,) in rows if value is not None]
    if not values:
        return "SQL finds no value"
    found = {"smallest": min, "largest": max, "median": np.median}[claim.which](values)
    return differs(claim.number, float(found), text)


@check.register
def _(claim: say.Absent, facts: Facts, text: str) -> str | None:
    return "SQL finds a value" if facts.means(claim.expression, claim.where) else None


@check.register
def _(claim: say.Values, facts: Facts, text: str) -> str | None:
    rows = facts.all(f"select distinct {claim.expression} from {claim.of} where {claim.where or 'true'}")
    found = sorted(value for (value,) in rows if value is not None)
    if found != sorted(claim.values):
        return f"SQL finds {found}"
    return next((wrong for shown in claim.shown if (wrong := missing(shown, text))), None)


@check.register
def _(claim: say.ExtremeName, facts: Facts, text: str) -> str | None:
    means = {}
    for (name,) in facts.all(f"select distinct {claim.by} from points where {claim.where}"):
        values = facts.means(claim.expression, f"({claim.where}) and {claim.by} = {say.quoted(name)}")
        if values:
            means[name] = float(np.mean(values))
    if claim.name not in means:
        return f"SQL finds {means}"
    best = (min if claim.which == "smallest" else max)(means.values())
    return missing(claim.name, text) if near(means[claim.name], best) else f"SQL finds {means}"


@check.register
def _(claim: say.Ranked, facts: Facts, text: str) -> str | None:
    means = {}
    for title, expression in zip(claim.titles, claim.expressions, strict=True):
        values = facts.means(f"coalesce({expression}, 0)", claim.where)
        means[title] = float(np.mean(values)) if values else 0.0
    ranked = sorted(means.values(), reverse=True)
    for place, title in enumerate(claim.order):
        if title not in means or not near(means[title], ranked[place]):
            return f"SQL finds {means}"
        if wrong := missing(title, text):
            return wrong
    return None


@check.register
def _(claim: say.MeanOfPoint, facts: Facts, text: str) -> str | None:
    (point,) = facts.samples(claim.metric, claim.where)
    found = mean(claim.metric, facts.evidence(point))
    if wrong := differs(claim.center, found.center, text):
        return wrong
    if claim.half:
        return differs(claim.half, found.half / (found.center if claim.relative else 1), text)
    return None


@check.register
def _(claim: say.Geomean, facts: Facts, text: str) -> str | None:
    found = facts.over_cells(claim.where, claim.column, lambda own, _: np.log(own))
    return differs(claim.number, math.exp(interval(found)[0]), text)


@check.register
def _(claim: say.MostChanged, facts: Facts, text: str) -> str | None:
    change, start = {}, {}
    for name in facts.columns:
        ends = [
            facts.means(claim.expression, say.at(claim.mix, claim.load, ring, name))
            for ring in (claim.first, claim.last)
        ]
        if all(ends):
            start[name], change[name] = ends[0][0], abs(ends[1][0] - ends[0][0])
    if not change:
        return "SQL finds nobody at both rings"
    if claim.column is None:
        most = {name: claim.margin * (start[name] if claim.relative else 1) for name in change}
        return None if all(change[name] <= most[name] * (1 + 1e-9) for name in change) else f"SQL finds {change}"
    if not near(change[claim.column], max(change.values())):
        return f"SQL finds {change}"
    return missing(claim.column, text)


@check.register
def _(claim: say.RelativeToSmallest, facts: Facts, text: str) -> str | None:
    ratios = []
    for mix, load, ring in facts.all(f"select distinct mix, load, ring from points where {claim.where}"):
        here = say.at(mix, load, ring)
        lean = facts.means(claim.expression, f"({here}) and ({claim.than})")
        own = facts.means(claim.expression, f"({here}) and ({claim.where})")
        ratios += [value / min(lean) for value in own if lean]
    return differs(claim.low, min(ratios), text) or differs(claim.high, max(ratios), text)


@check.register
def _(claim: say.ShareOfVariance, facts: Facts, text: str) -> str | None:
    if not claim.whole:
        return None  # of a part of the grid, which is named beside it
    axes = ["col", "load", "ring", "mix"]
    names = {"strategy": "col", "load": "load", "ring": "ring", "traffic": "mix"}
    logarithms = (
        claim.metric in ("ns_per_packet", "latency_p99_ns", "pages_held_mean_pages") or "base_ns" in claim.metric
    )
    expression = f"ln(nullif(greatest({claim.metric}, 0), 0))" if logarithms else claim.metric
    points = facts.samples(expression, "not base" if "base_ns" in claim.metric else "")
    levels = [sorted({point[place] for point in points}) for place in (3, 1, 2, 0)]
    cube = np.full((*map(len, levels), len(facts.pairs)), np.nan)
    for point, values in points.items():
        cube[tuple(level.index(point[place]) for level, place in zip(levels, (3, 1, 2, 0), strict=True))] = values
    share, half = share_of_variance(cube, axes.index(names[claim.axis]))
    text = text if claim.shown else f"{claim.share.text} {claim.half.text if claim.half else ''}"
    if wrong := differs(claim.share, max(share, 0.0), text):
        return wrong
    return differs(claim.half, half, text) if claim.half else None


@check.register
def _(claim: say.LapRule, facts: Facts, text: str) -> str | None:
    gaps = []
    own = f"col = {say.quoted(claim.column)} and pairs > 0"
    for mix, load, ring, reuse, lap in facts.all(
        f"select mix, load, ring, reuse_ratio, lap_ns from points where {own}"
    ):
        rows = facts.all(f"select latency_ns_histogram from rows where {say.at(mix, load, ring, claim.column)}")
        counts = np.sum([row for (row,) in rows], axis=0)
        if counts.sum() and reuse is not None and lap is not None:
            gaps.append(abs(gone_before(counts, lap) - reuse))
    if (sum(gap <= 0.1 for gap in gaps), len(gaps)) != (claim.near, claim.points):
        return f"SQL finds {gaps}"
    return differs(claim.gap, float(np.median(gaps)), text)
