# SPDX-License-Identifier: MIT
"""How often `sweep compare` with the default gate is wrong, and how often it finds what is there."""

from __future__ import annotations

from collections.abc import Mapping

from sweep.compare.comparison import PASSED, REGRESSED

from . import ensembles, program
from .blocks import Ensemble
from .table import FAIL, PASS, Line, Section, judged, rate, worst

SIZES = (2, 4, 8, 16)
RUNS = 500
POWER_RUNS = 200  # for what should be found
FALSE_ALARMS = 0.025
NO_EFFECT = (ensembles.SMALL_COST, ensembles.WAKEUPS, ensembles.STALLS)  # or one within every margin
LEAST_FOUND, LEAST_PASSED = 0.95, 0.80


def verdicts(base: Ensemble, new: Ensemble, size: int, most: int) -> list[str]:
    """What is said of runs of `size` replicates."""
    return [program.compared(base.block(chosen), new.block(chosen)) for chosen in base.disjoint(size, most)]


def section(found: Mapping[str, Ensemble], sizes: tuple[int, ...] = SIZES) -> Section:
    """False "regressed" without an effect beyond a margin; power with one; passes with one within the margins."""
    base, lines, small = found[ensembles.BASE.name], [], {}
    for plan in NO_EFFECT:
        said = {size: verdicts(base, found[plan.name], size, RUNS) for size in sizes}
        small = said if plan is ensembles.SMALL_COST else small
        counts = [(each.count(REGRESSED), len(each)) for each in said.values()]
        kept = worst([judged(*each, FALSE_ALARMS) for each in counts])
        lines.append(Line(f'{plan.name}: false "regressed"', "<= 2.5", tuple(rate(*each) for each in counts), kept))
    passed = {size: each.count(PASSED) / len(each) for size, each in small.items()}
    lines.append(_share(f"{ensembles.SMALL_COST.name}: passes", passed, 16, LEAST_PASSED))
    for plan in (ensembles.BUFFER, ensembles.LARGE_COST):
        lines.append(_share(f"{plan.name}: regressed", _power(base, found[plan.name], sizes), 8, LEAST_FOUND))
    return Section("compare, default gate: %", tuple(f"n={size}" for size in sizes), tuple(lines))


def _power(base: Ensemble, new: Ensemble, sizes: tuple[int, ...]) -> dict[int, float]:
    said = {size: verdicts(base, new, size, POWER_RUNS) for size in sizes}
    return {size: each.count(REGRESSED) / len(each) for size, each in said.items()}


def _share(what: str, shares: Mapping[int, float], at: int, least: float) -> Line:
    """A share that is to be large with `at` replicates."""
    verdict = PASS if shares[at] >= least else FAIL
    return Line(
        what, f">= {100 * least:.0f} at n={at}", tuple(f"{100 * each:.0f}" for each in shares.values()), verdict
    )
