# SPDX-License-Identifier: MIT
"""Intervals, tests and winners a second time, by SciPy and NumPy alone: `sweep.stats` is held against these."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import stats as scipy_stats

MARGIN, DROP_MARGIN, CONFIDENCE = 0.005, 0.001, 0.95
Samples = dict[str, np.ndarray]  # column -> values over the pairs, NaN where there is none
Excess = Callable[[str, str, float], tuple[float, float, float, int]]  # drops of one more than of another, confidence


@cache
def t_quantile(level: float, freedom: int) -> float:
    return float(scipy_stats.t.ppf(level, freedom))


def interval(samples: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float, float, int]:
    """Mean, both ends of Student's t interval (NaN below two), number of samples."""
    known = samples[np.isfinite(samples)]
    if not len(known):
        return math.nan, math.nan, math.nan, 0
    center = float(known.mean()) if len(set(known.tolist())) > 1 else float(known[0])
    if len(known) < 2:
        return center, math.nan, math.nan, 1
    if len(set(known.tolist())) == 1:
        return center, center, center, len(known)
    half = t_quantile((1 + confidence) / 2, len(known) - 1) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return center, center - half, center + half, len(known)


def p_value(samples: np.ndarray) -> float:
    known = samples[np.isfinite(samples)]
    if len(known) < 2:
        return math.nan
    if len(set(known.tolist())) == 1:
        return 1.0 if known[0] == 0 else 0.0
    spread = known.std(ddof=1) / math.sqrt(len(known))
    return float(2 * scipy_stats.t.sf(abs(known.mean()) / spread, len(known) - 1)) if spread else 0.0


def logs(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((values > 0) & (reference > 0), np.log(values) - np.log(reference), np.nan)


def call(samples: np.ndarray, margin: float) -> str:
    """ "lower", "higher", "tie", "equivalent" or "few"."""
    _, low, high, pairs = interval(samples)
    if pairs < 2:
        return "few"
    if low <= 0 <= high:
        return "tie"
    return "equivalent" if -margin <= low and high <= margin else "lower" if high < 0 else "higher"


class Contest:
    """Who wins among some columns; `ns` and `drops` by column, `excess` compares the drops of two of them."""

    def __init__(self, ns: Samples, drops: Samples | None, cells: int, excess: Excess) -> None:
        self.confidence = 1 - (1 - CONFIDENCE) / (cells * (1 if drops is None else 2))
        self.mean = {name: interval(values)[0] for name, values in ns.items() if np.isfinite(values).any()}
        self.there = bool(self.mean)
        fit, out = dict.fromkeys(self.mean, True), dict.fromkeys(self.mean, False)
        self.least = ""
        dropped = {name: interval(drops[name])[0] for name in self.mean} if drops else {}
        dropped = {name: value for name, value in dropped.items() if math.isfinite(value)}
        if dropped:
            self.least = min(dropped, key=dropped.__getitem__)
            for name in self.mean:
                center, low, high, pairs = interval(drops[name] - drops[self.least])
                if name != self.least:
                    center, low, high, pairs = excess(name, self.least, self.confidence)
                out[name] = center > DROP_MARGIN and (pairs < 2 or low > 0)
                fit[name] = not pairs or high <= DROP_MARGIN or (pairs == 1 and center <= DROP_MARGIN)
        self.there = any(fit.values())
        if not self.there:
            return
        self.best = min((name for name in self.mean if fit[name]), key=self.mean.__getitem__)
        self.faster_droppers = [
            name for name in self.mean if not fit[name] and not out[name] and self.mean[name] < self.mean[self.best]
        ]
        eligible = [name for name in self.mean if not out[name] and name not in self.faster_droppers]
        family = {pair: p_value(logs(ns[pair[0]], ns[pair[1]])) for pair in itertools.combinations(eligible, 2)}
        adjusted = holm({pair: p for pair, p in family.items() if math.isfinite(p)})
        behind = {name: logs(ns[name], ns[self.best]) for name in eligible if name != self.best}
        self.close, self.open, self.beaten = [], [], []
        for name in sorted(behind, key=self.mean.__getitem__):
            center, low, high, pairs = interval(behind[name], self.confidence)
            p = adjusted.get((name, self.best), adjusted.get((self.best, name), math.nan))
            if pairs >= 2 and -math.log1p(MARGIN) <= low and high <= math.log1p(MARGIN):
                self.close.append(name)
            elif p < 1 - self.confidence and center > 0:
                self.beaten.append(name)
            else:
                self.open.append(name)
        self.pairs = min([interval(each)[3] for each in behind.values()], default=interval(ns[self.best])[3])
        self.behind = math.expm1(interval(behind[self.beaten[0]])[0]) if self.beaten else math.nan
        self.runner_up = self.beaten[0] if self.beaten else ""
        self.decided = not self.open and self.pairs >= 2
        self.state = "drops" if self.faster_droppers else "decided" if self.decided else "open"
        rivals = len(eligible) * (len(eligible) - 1) // 2
        self.needed = self._needed(behind, 1 - (1 - self.confidence) / max(rivals, 1))

    def _needed(self, behind: Samples, confidence: float) -> int | None:
        """Pairs at which all that is open would be decided, if means and spreads stay."""
        wanted = []
        for name in self.open:
            known = behind[name][np.isfinite(behind[name])]
            if len(known) < 2:
                return None
            center, spread = float(known.mean()), float(known.std(ddof=1))
            targets = [(abs(center), confidence)]
            if abs(center) < math.log1p(MARGIN):
                targets.append((math.log1p(MARGIN) - abs(center), self.confidence))
            n = np.arange(2, 1001)
            ways = []
            for gap, level in targets:
                enough = scipy_stats.t.ppf((1 + level) / 2, n - 1) * spread / np.sqrt(n) < gap
                if gap and enough.any():
                    ways.append(int(n[np.argmax(enough)]))
            if not ways:
                return None
            wanted.append(min(ways))
        return max(wanted, default=None)


def holm(p: dict) -> dict:
    found, highest = {}, 0.0
    for place, pair in enumerate(sorted(p, key=p.__getitem__)):
        highest = max(highest, min(1.0, p[pair] * (len(p) - place)))
        found[pair] = highest
    return found


def share_of_variance(cube: np.ndarray, axis: int) -> tuple[float, float]:
    """What an axis has a part in, of the variance of one simulation, and half its jackknife interval over the pairs."""
    rest = cube - cube.mean(axis=axis, keepdims=True)

    def share(chosen: list[int]) -> float:
        pairs = [(a, b) for a in chosen for b in chosen if a != b] or [(chosen[0], chosen[0])]
        own = np.mean([(rest[..., a] * rest[..., b]).mean() for a, b in pairs])
        constant = np.mean([cube[..., a].mean() * cube[..., b].mean() for a, b in pairs])
        total = float(np.mean([(cube[..., a] ** 2).mean() for a in chosen]) - constant)
        return float(own) / total if total else math.nan

    every = list(range(cube.shape[-1]))
    cube = cube - cube.mean()
    if len(every) < 3:
        return share(every), math.nan
    without = np.array([share([kept for kept in every if kept != left]) for left in every])
    spread = math.sqrt((len(every) - 1) / len(every) * ((without - without.mean()) ** 2).sum())
    return share(every), float(scipy_stats.t.ppf(0.975, len(every) - 1) * spread)


def gone_before(counts: np.ndarray, value: float) -> float:
    """Share of a log-bucket histogram below a value, evenly spread inside a bucket: bucket by bucket."""
    total = below = 0.0
    for index, count in enumerate(counts):
        low, high = (
            (index, index + 1) if index < 8 else tuple((8 + i % 8) * 2 ** (i // 8 - 1) for i in (index, index + 1))
        )
        total += count
        below += count * min(max((value - low) / (high - low), 0.0), 1.0)
    return below / total
