# SPDX-License-Identifier: MIT
"""How often `sweep size` gives a ring that does not do, and how often it decides at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sweep import config
from sweep.sizing.run import question

from . import program
from .blocks import Ensemble
from .ensembles import Plan
from .table import Line, Section, judged, rate, worst

OBJECTIVE, METRIC, BOUND = "drop_ratio < 0.1 %", "drop_ratio", 0.001
CAPS = (2, 5, 8, 20)
CONFIDENCES = (0.95, 0.99)
MOST_SERIES = 1_000
ALLOWED = 2  # standard errors of the truth

Where = tuple[str, str, float, int]  # mix, column, load, ring


def truths(ensemble: Ensemble) -> dict[Where, tuple[bool, bool]]:
    """Of every point: whether it truly fails the objective, and whether it truly meets it."""
    data = program.read(ensemble.table)
    drops = data.values(METRIC)
    mean, error = drops.mean(axis=-1), ALLOWED * drops.std(axis=-1, ddof=1) / np.sqrt(ensemble.replicates)
    return {
        (data.mixes[mix], data.columns[column], data.loads[load], data.rings[ring]): (
            bool(mean[mix, load, ring, column] - error[mix, load, ring, column] >= BOUND),
            bool(mean[mix, load, ring, column] + error[mix, load, ring, column] < BOUND),
        )
        for mix, load, ring, column in np.ndindex(mean.shape)
    }


def section(plan: Plan, ensemble: Ensemble, seed: int, caps: Sequence[int] = CAPS) -> Section:
    """Answers that truly fail, in the worst series: one for each mix, column and load."""
    true, lines = truths(ensemble), []
    for confidence in CONFIDENCES:
        risk = 1 - confidence
        realised, verdicts, right, cost = [], [], [], []
        for cap in caps:
            asked = question(
                config.load(plan.path, [*plan.sets, f"replicates={cap}", f"seed={seed}"]), [OBJECTIVE], confidence
            )
            blocks = ensemble.disjoint(cap, MOST_SERIES)
            wrong: dict[tuple[str, str, float], int] = {}
            decided = replicates = series = 0
            for chosen in blocks:
                for each in program.sized(asked, ensemble.block(chosen)):
                    where = each.mix, each.column, each.load
                    fails = each.ring is not None and true[(*where, each.ring)][0]
                    wrong[where] = wrong.get(where, 0) + fails
                    decided += each.decided and not fails
                    replicates, series = replicates + each.replicates, series + 1
            most = max(wrong.values(), default=0)
            realised.append(rate(most, len(blocks)))
            verdicts.append(judged(most, len(blocks), risk))
            right.append(f"{100 * decided / series:.0f}")
            cost.append(f"{replicates / series:.1f}")
        sure = f"{100 * confidence:g} %"
        lines += [
            Line(
                f"{sure}: an answer that truly fails, worst series",
                f"<= {100 * risk:.0f}",
                tuple(realised),
                worst(verdicts),
            ),
            Line(f"{sure}: decided, and no such answer", "", tuple(right)),
            Line(f"{sure}: replicates asked for, mean", "", tuple(cost)),
        ]
    title = f"size {OBJECTIVE}, ensemble {plan.name}: % <= upper limit of series"
    return Section(title, tuple(f"at most {cap}" for cap in caps), tuple(lines))
