# SPDX-License-Identifier: MIT
"""How often `sweep compare` with the default gate is wrong, and how often it finds what is there."""

from __future__ import annotations

from collections.abc import Mapping

from sweep.compare.comparison import PASSED, REGRESSED

from . import ensembles, program
from .blocks import Ensemble
from .ensembles import Plan
from .table import FAIL, PASS, Line, Section, judged, rate, worst

SIZES = (2, 4, 8, 16)
RUNS = 500
POWER_RUNS = 100  # for what should be found
FALSE_ALARMS = 0.025
NO_EFFECT = (ensembles.SMALL_COST, ensembles.WAKEUPS, ensembles.STALLS)  # or one within every margin
EFFECT = (ensembles.BUFFER, ensembles.LARGE_COST)
LEAST_FOUND, LEAST_PASSED = 0.95, 0.80


def verdicts(base: Ensemble, new: Ensemble, size: int, most: int) -> list[str]:
    """What is said of runs of `size` replicates."""
    return [program.compared(base.block(chosen), new.block(chosen)) for chosen in base.disjoint(size, most)]


def without_effect(plan: Plan, found: Mapping[str, Ensemble], sizes: tuple[int, ...] = SIZES) -> Section:
    """False "regressed" where nothing is beyond a margin; for a small cost also how often it passes."""
    said = {size: verdicts(found[ensembles.BASE.name], found[plan.name], size, RUNS) for size in sizes}
    counts = [(each.count(REGRESSED), len(each)) for each in said.values()]
    kept = worst([judged(*each, FALSE_ALARMS) for each in counts])
    lines = [Line(f'{plan.name}: false "regressed"', "<= 2.5", tuple(rate(*each) for each in counts), kept)]
    passed = {size: each.count(PASSED) / len(each) for size, each in said.items()}
    if plan == ensembles.SMALL_COST:
        lines.append(_share(f"{plan.name}: passes", passed, 16, LEAST_PASSED))
    else:
        lines.append(Line(f"{plan.name}: passes", "", tuple(_percent(each) for each in passed.values())))
    return _section(sizes, lines)


def with_effect(plan: Plan, found: Mapping[str, Ensemble], sizes: tuple[int, ...] = SIZES) -> Section:
    """How often an effect beyond its margin is found."""
    base, new = found[ensembles.BASE.name], found[plan.name]
    shares = {}
    for size in sizes:
        said = verdicts(base, new, size, POWER_RUNS)
        shares[size] = said.count(REGRESSED) / len(said)
    return _section(sizes, [_share(f"{plan.name}: regressed", shares, 8, LEAST_FOUND)])


def _section(sizes: tuple[int, ...], lines: list[Line]) -> Section:
    title = "compare, default gate: % <= limit of runs"
    return Section(title, tuple(f"n={size}" for size in sizes), tuple(lines))


def _share(what: str, shares: Mapping[int, float], at: int, least: float) -> Line:
    """A share that is to be large with `at` replicates."""
    verdict = PASS if shares[at] >= least else FAIL
    return Line(what, f">= {100 * least:.0f} at n={at}", tuple(map(_percent, shares.values())), verdict)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
