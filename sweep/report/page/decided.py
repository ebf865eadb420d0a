# SPDX-License-Identifier: MIT
"""What is decided of every point, for the page's answers to what a filter leaves: nothing is decided there anew.

`columns` are packed with the points.  Numbers of a cell (pairs, replicates needed) stand at the point of its best.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from sweep import format, stats
from sweep.document.statements.templates import TEMPLATES
from sweep.fields.losses import SEEN_ONLY
from sweep.fields.spread import DROPS
from sweep.report.sections import answer, losses, low_drops
from sweep.results import coordinates
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.results.outcome import WITHIN

from .packing import codes, rounded

Where = tuple[NDArray[np.int64], ...]  # an index of the cube without pairs
Columns = dict[str, NDArray[Any]]
BITS = ("best", "near", "settled", "decided", "dropsOpen", "smallest", "fits", "exceeds", "known", "lost")  # of `state`
BEST, NEAR, SETTLED, DECIDED, DROPS_OPEN, SMALLEST, FITS, EXCEEDS, KNOWN, LOST = (1 << bit for bit in range(len(BITS)))
LOG_BYTES = 300_000  # logarithms of ratios that are larger in sum are left out: no mean over cells is said then
BEHIND_BITS = 13  # of mantissa: tables show 3 digits


def columns(analysis: Analysis, where: Where) -> Columns:
    """State, pairs, pairs needed, how far the runner-up is behind, episodes and log ratios; arrays (points, ...)."""
    data = analysis.data
    state = np.zeros(analysis.absolute.pairs.shape, dtype=np.uint16)
    pairs, needed = np.zeros_like(state, dtype=np.int64), np.zeros_like(state, dtype=np.int64)
    behind = np.full(state.shape, np.nan)
    for cell, outcome in analysis.outcomes.items():
        winner = outcome.winner
        state[cell] |= SETTLED * outcome.settled(data.strategies) | DECIDED * winner.decided
        state[cell] |= DROPS_OPEN * outcome.drops_open
        state[(*cell, [winner.best, *winner.close])] |= NEAR
        best = (*cell, winner.best)
        state[best] |= BEST
        pairs[best], needed[best] = winner.pairs, winner.needed or 0
        if winner.runner_up is not None:
            behind[(*cell, winner.runner_up)] = winner.behind
    means = analysis.absolute.center
    with np.errstate(invalid="ignore"):
        smallest = means == np.fmin.reduce(means, axis=-1, keepdims=True)
    state[smallest] |= SMALLEST
    packed_columns = {"of_pairs": codes(pairs[where]), "needed": codes(needed[where])}
    packed_columns["behind"] = rounded(behind[where], BEHIND_BITS)
    if analysis.drops is not None:
        drops = data.estimate(DROPS)
        with np.errstate(invalid="ignore"):
            fits = drops.high <= low_drops.LOST
            state[np.isfinite(drops.center)] |= KNOWN
            state[fits] |= FITS
            state[~fits & (drops.low > low_drops.LOST)] |= EXCEEDS
        if data.has("episodes"):
            known = np.isfinite(data.values(DROPS)).any(axis=-1)
            seen = np.nansum(data.values("episodes"), axis=-1) + 1
            packed_columns["episodes"] = codes(
                np.where(known, seen, 0)[where].astype(np.int64)
            )  # 0: drops are not known
    if data.losses is not None:
        first = data.losses.first
        state[data.losses.shown] |= LOST
        share = np.take_along_axis(data.losses.shares, np.maximum(first, 0)[..., None], axis=-1)[..., 0]
        packed_columns |= {"lost_to": codes((first + 1)[where]), "lost_share": rounded(share[where], BEHIND_BITS)}
    logs = stats.log_ratio(analysis.ns, analysis.ns[..., :1, :])[where]
    if logs.nbytes <= LOG_BYTES:
        packed_columns["logs"] = logs
    return {"state": state[where]} | packed_columns


def header(analysis: Analysis) -> dict[str, Any]:
    """Templates of sentences and what they need besides the columns."""
    data = analysis.data
    freedom = np.arange(1, max(data.pairs, 2))
    return {
        "words": TEMPLATES,
        "bits": BITS,
        "within": WITHIN,
        "limit": format.percent(low_drops.LOST),
        "margin": format.percent(stats.DROP_MARGIN),
        "students_t": [float(t) for t in stdtrit(freedom, (1 + data.confidence) / 2)],
        "episode": [data.episode(mix) if (data.index[mix] >= 0).any() else "" for mix in range(len(data.mixes))],
        "drops_known": analysis.drops is not None,
        "causes": [(cause.place, losses.sentence_case(cause.helps)) for cause in data.losses.causes]
        if data.losses
        else [],
        "seen_only": SEEN_ONLY,
    }


def settings(data: Dataset, where: Where) -> tuple[list[tuple[str, ...]], NDArray[Any]]:
    """The distinct commands that set the points, a line each; and which of them each point has."""
    rows = data.index[where].max(axis=-1)  # any of its replicates: they are set alike
    known = [coordinates.encode(data.table, name)[0][rows] for name in answer.SETTINGS]
    _, first, number = np.unique(np.stack(known, axis=1), axis=0, return_index=True, return_inverse=True)
    return [answer.commands(data.table, int(rows[point])) for point in first], codes(number.ravel())


def axes(data: Dataset) -> list[dict[str, Any]]:
    """The axes that make mixes: the traffic mix and what splits it; each with its value in every mix."""
    first = [int(index.max()) for index in data.index.reshape(len(data.mixes), -1)]
    every_axis = []
    for name, title in (("traffic", "Traffic mix"), *((name, name) for name in data.splits)):
        texts = coordinates.column_texts(data.table, name)
        every_axis.append({"name": name, "title": title, "values": [texts[row] or "none" for row in first]})
    return every_axis
