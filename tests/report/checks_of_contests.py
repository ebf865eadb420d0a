# SPDX-License-Identifier: MIT
"""Claims about who takes fewer ns per packet, held against the table: winners and rivals again, by SciPy."""

from __future__ import annotations

import math
import re

import numpy as np

from sweep.document import statements as say
from tests.report.claim_checks import check, differs, missing, near
from tests.report.second_evidence import difference
from tests.report.second_statistics import DROP_MARGIN, interval
from tests.report.table_in_sql import Facts


@check.register
def _(claim: say.CellWinner, facts: Facts, text: str) -> str | None:
    found = facts.contest(claim.mix, claim.load, claim.ring, claim.among)
    told = (claim.state, claim.best, set(claim.close), set(claim.open), set(claim.faster_droppers))
    own = (found.state, found.best, set(found.close), set(found.open), set(found.faster_droppers))
    if told[1] != own[1] and near(found.mean[told[1]], found.mean[own[1]]):
        return None  # equal means: either may be called the best
    if told != own:
        return f"SciPy finds {own}"
    if claim.behind:
        return differs(claim.behind, found.behind, text)
    return None


@check.register
def _(claim: say.Mark, facts: Facts, text: str) -> str | None:
    if wrong := missing(claim.sign, text):
        return wrong
    told = claim.winner
    if told.state == "drops":
        fits = claim.sign == "?" and claim.column in (told.best, *told.faster_droppers)
    elif told.state == "open":
        fits = claim.sign == "?" and claim.column in (told.best, *told.close, *told.open)
    else:
        fits = claim.column == told.best if claim.sign == "*" else claim.sign == "≈" and claim.column in told.close
    return check(told, facts, text) if fits else "the sign is not that of the outcome"


@check.register
def _(claim: say.SetAside, facts: Facts, text: str) -> str | None:
    _, drops = facts.cell(claim.mix, claim.load, claim.ring)
    found = facts.contest(claim.mix, claim.load, claim.ring)
    if claim.column == found.best or missing(claim.least, text):
        return "it is the winner, or the one that drops least is not named"
    return differs(claim.more, interval(drops[claim.column] - drops[claim.least])[0], text)


@check.register
def _(claim: say.DropsDiffer, facts: Facts, text: str) -> str | None:
    sides = (facts.evidence((claim.mix, claim.load, claim.ring, name)) for name in (claim.column, claim.baseline))
    center, low, high, pairs = difference("drop_ratio", *sides)
    sure = pairs < 2 or low > 0 or high < 0
    way = "open" if not sure else "more" if center > 0 else "less"
    return None if abs(center) > DROP_MARGIN and way == claim.way else f"SciPy finds {center}, {way}"


@check.register
def _(claim: say.MixLeader, facts: Facts, text: str) -> str | None:
    here = f"mix = {say.quoted(claim.mix)} and state <> 'none'"
    cells, settled = facts.count("cells", here), facts.count("cells", f"{here} and settled")
    led = {
        name: (
            facts.count("cells", f"{here} and settled and list_contains(leaders, {say.quoted(name)})"),
            facts.count("cells", f"{here} and settled and leaders = [{say.quoted(name)}]"),
        )
        for name in set(facts.strategy.values())
    }
    if (claim.cells, claim.settled) != (cells, settled):
        return f"SQL finds {settled} settled of {cells}"
    if not claim.strategy:
        if claim.among or claim.alone or claim.beside:
            return "nobody leads, and some cells are led"
        return f"{settled} cells are settled" if settled else _undecided(facts, claim.word, here, cells)
    beside = {
        name: facts.count(
            "cells",
            f"{here} and settled and list_contains(leaders, {say.quoted(name)})"
            f" and list_contains(leaders, {say.quoted(claim.strategy)})",
        )
        for name in led
        if name != claim.strategy
    }
    if (claim.among, claim.alone) != led[claim.strategy] or dict(claim.beside) != beside:
        return f"SQL finds {led}, beside it {beside}"
    if claim.among < max(among for among, _ in led.values()):
        return f"another leads more: {led}"
    if settled * 2 <= cells:
        return _undecided(facts, claim.word, here, cells)
    if claim.among * 2 <= cells:
        return None if claim.word == "no single winner" else f"{claim.word}, though nobody leads most"
    if not claim.word.startswith(claim.strategy):
        return "the leader is not named"
    for name, times in beside.items():
        equal = claim.alone * 2 <= settled and times * 2 >= settled
        rest = claim.word.removeprefix(claim.strategy)
        if equal != bool(re.search(rf"\b{re.escape(name)}\b", rest)):
            return f"{name} is as good in {times} of {settled}"
    return None


@check.register
def _(claim: say.FewestMean, facts: Facts, text: str) -> str | None:
    means = (
        "(select mix, load, ring, strategy, min(ns_per_packet) as mean from points where"
        f" mix = {say.quoted(claim.mix)} and pairs > 0 group by mix, load, ring, strategy)"
    )
    least = f"(select mix, load, ring, min(mean) as least from {means} group by mix, load, ring)"
    found = facts.all(
        f"select strategy, count(*) from {means} join {least} using (mix, load, ring)"
        " where mean <= least * (1 + 1e-12) group by strategy"
    )
    cells = facts.count(least)
    if dict(found).get(claim.strategy) != claim.times or cells != claim.cells:
        return f"SQL finds {found} of {cells}"
    if any(f"{name} in {times}" not in text for name, times in found):
        return f"not all are said: {found}"
    return None


@check.register
def _(claim: say.OnFront, facts: Facts, text: str) -> str | None:
    where = f"{say.at(claim.mix, claim.load)} and pairs > 0"
    costs: dict[tuple, list[float | None]] = {}
    for ring, col, *values in facts.all(
        f"select ring, col, {', '.join(claim.objectives)} from rows where (mix, load, ring, col) in"
        f" (select (mix, load, ring, col) from points where {where}) group by ring, col"
    ):
        if None not in values:
            costs[ring, col] = values
    own = np.array(costs[claim.ring, claim.column])
    for other, values in costs.items():
        if (
            (np.array(values) <= own - 1e-12).any()
            and (np.array(values) <= own + 1e-12).all()
            and not np.allclose(values, own, rtol=1e-12)
        ):
            return f"{other} is as good in everything, and better"
    tolerance = np.array([tolerance_of(each) for each in claim.objectives])
    for ring, col in claim.alike:
        if (np.abs(np.array(costs[ring, col]) - own) > tolerance * (1 + 1e-9)).any():
            return f"{col} at ring {ring} is not alike"
    return None


def _undecided(facts: Facts, word: str, here: str, cells: int) -> str | None:
    drops = facts.count("cells", f"{here} and state = 'drops'")
    if drops * 2 > cells:
        return None if word == "undecided: drops open" else f"{drops} open in drops"
    most = facts.one(f"select max(pairs) from cells where {here}")
    return None if re.fullmatch(rf"undecided with {most} pairs?", word) else f"{word}, with {most} pairs"


def tolerance_of(expression: str) -> float:
    for name, tolerance in (("ns_per_packet", 0.005), ("pages_held", 0.02), ("latency", 0.05)):
        if name in expression:
            return math.log1p(tolerance)
    return DROP_MARGIN
