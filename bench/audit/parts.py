# SPDX-License-Identifier: MIT
"""The parts of the audit: what each needs to have simulated, and what it measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import coverage, ensembles, gates, quantiles, reports, sizing, stopping
from .blocks import Ensemble
from .ensembles import Plan
from .simulate import opened
from .table import Section


@dataclass(frozen=True)
class Task:
    """One section of the table, measured in a process of its own."""

    plans: tuple[Plan, ...]
    section: Callable[[Mapping[str, Ensemble], int], Section]  # of the ensembles by name, and a seed


def measure(task: Task, folder: Path, seed: int, *, quick: bool = False) -> Section:
    """Measure what has been simulated."""
    found = {plan.name: opened(plan, folder, seed, quick=quick) for plan in task.plans}
    return task.section(found, seed)


def _coverage(name: str, found: Mapping[str, Ensemble], seed: int) -> Section:
    return coverage.section(name, found[name], seed)


def _stopping(name: str, found: Mapping[str, Ensemble], _: int) -> Section:
    return stopping.section(name, found[name])


def _reports(name: str, found: Mapping[str, Ensemble], _: int) -> Section:
    return reports.section(name, found[name])


def _sizing(plan: Plan, caps: tuple[int, ...], found: Mapping[str, Ensemble], seed: int) -> Section:
    return sizing.section(plan, found[plan.name], seed, caps)


def _gates(
    section: Callable[[Plan, Mapping[str, Ensemble]], Section], plan: Plan, found: Mapping[str, Ensemble], _: int
) -> Section:
    return section(plan, found)


def _quantiles(found: Mapping[str, Ensemble], _: int) -> Section:
    return quantiles.section(found)


CAPS = ((ensembles.SLOW, sizing.CAPS), (ensembles.RARE, sizing.CAPS), (ensembles.B_REPORTS, (2, 5)))

PARTS: dict[str, tuple[Task, ...]] = {
    "coverage": tuple(Task((plan,), partial(_coverage, plan.name)) for plan in (ensembles.A, ensembles.B)),
    "stopping": tuple(Task((plan,), partial(_stopping, plan.name)) for plan in (ensembles.A, ensembles.B)),
    "reports": tuple(
        Task((plan,), partial(_reports, plan.name)) for plan in (ensembles.A_REPORTS, ensembles.B_REPORTS)
    ),
    "sizing": tuple(Task((plan,), partial(_sizing, plan, caps)) for plan, caps in CAPS),
    "gates": tuple(
        Task((ensembles.BASE, plan), partial(_gates, section, plan))
        for section, plans in ((gates.without_effect, gates.NO_EFFECT), (gates.with_effect, gates.EFFECT))
        for plan in plans
    ),
    "quantiles": (Task(tuple(ensembles.WINDOWS.values()), _quantiles),),
}
