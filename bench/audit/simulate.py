# SPDX-License-Identifier: MIT
"""Simulate ensembles with `sweep run`, each in a run directory: what is there already is not simulated again."""

from __future__ import annotations

from pathlib import Path

from sweep import config, report
from sweep.jobs.origin import Origin
from sweep.jobs.request import RunRequest
from sweep.jobs.run import run

from .blocks import Ensemble
from .ensembles import Plan


def simulate(plan: Plan, folder: Path, seed: int, *, quick: bool = False) -> str:
    """Run an ensemble in this process; its run directory.  Raises SweepError."""
    directory = str(folder / plan.name)
    sets = plan.settings(seed, quick=quick)
    request = RunRequest(config.load(plan.path, sets), directory, Origin.of(plan.path, sets, directory), "inline")
    done = run(request)
    if done.failures or done.invalid or done.interrupted:
        raise SystemExit(f"audit: not all simulations in {directory} are there and valid: see `sweep status`")
    return directory


def opened(plan: Plan, folder: Path, seed: int, *, quick: bool = False) -> Ensemble:
    """An ensemble that has been simulated."""
    sweep = config.load(plan.path, plan.settings(seed, quick=quick))
    return Ensemble(report.read(str(folder / plan.name)), sweep.replicates)
