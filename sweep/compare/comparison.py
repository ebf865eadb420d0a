# SPDX-License-Identifier: MIT
"""Two paired sides held to a gate: a verdict for every gated metric in every cell, and one for all of them.

A relative margin is judged by logarithms of ratios, pair by pair, as everywhere in sweep.  Where it comes to less than
its floor, or a value is not positive so that there is no ratio, plain differences are judged, against the margin
in the metric's own unit; the mean of BASE is taken as known for that.  So a zero in BASE needs no rule of its own: a
share of zero is zero, and what remains is the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from sweep import stats
from sweep.errors import NotComparableError
from sweep.report.dataset import Array
from sweep.stats.margins import Judged, Verdict, judge

from . import changes
from .gate import Gate, Rule
from .pairing import Pairing

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

PASSED, REGRESSED, TOO_LITTLE = "pass", "regressed", "too little data"
EXIT_CODES = {PASSED: 0, REGRESSED: 1, TOO_LITTLE: 4}


@dataclass(frozen=True)
class Comparison:
    """All comparisons, shape (c,): metric by metric in the order of the gate, cell by cell in the order of BASE."""

    pairing: Pairing
    gate: Gate
    rule: Integers  # place in gate.rules
    cell: Integers  # place in the pairing
    base: Array  # mean of BASE over the pairs, in the metric's unit; without a pair, over what BASE has
    new: Array  # mean of NEW; NaN without a pair
    logarithms: Mask  # whether ratios were judged; else differences
    worse: Array  # the margin, in the unit of what was judged
    judged: Judged
    changed: tuple[str, ...]  # what differs between the sides

    def __repr__(self) -> str:
        base, new = self.pairing.base.title, self.pairing.new.title
        return f'<sweep.compare.Comparison of "{new}" with "{base}": {self.verdict}, exit code {self.exit_code}>'

    def __str__(self) -> str:
        """What `sweep compare` prints."""
        from .writing import write

        return write(self, "txt")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The same, for a notebook."""
        return {"text/plain": str(self), "text/html": f"<pre>{escape(str(self))}</pre>"}

    def __len__(self) -> int:
        return len(self.rule)

    @property
    def verdict(self) -> str:
        """ "pass", "regressed" or "too little data"."""
        if self.count(Verdict.REGRESSED):
            return REGRESSED
        return TOO_LITTLE if self.count(Verdict.UNDECIDED) else PASSED

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def count(self, verdict: Verdict, rule: int | None = None) -> int:
        """How many comparisons, of one rule or of all, have this verdict."""
        found = self.judged.verdicts == verdict
        return int(found.sum() if rule is None else (found & (self.rule == rule)).sum())

    def which(self, verdict: Verdict) -> list[int]:
        """Comparisons with this verdict, those that exceed their margin most first."""
        found = np.flatnonzero(self.judged.verdicts == verdict)
        # Beyond any margin (0, or no estimate) comes first; then the size of the change decides.
        excess = np.where(np.isfinite(self.excess[found]), self.excess[found], np.inf)
        size = np.nan_to_num(np.abs(self.judged.worsening.center[found]))
        return [int(place) for place in found[np.lexsort((-size, -excess))]]

    @property
    def excess(self) -> Array:
        """The worsening in margins: 2.0 is twice what is accepted, negative is better."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Array = self.judged.worsening.center / self.worse
        return found

    def rule_of(self, place: int) -> Rule:
        return self.gate.rules[int(self.rule[place])]

    def change(self, place: int) -> tuple[float, float, float]:
        """Change of the metric as it moved, and the ends of its interval: shares if ratios were judged."""
        found = self.judged.worsening
        ends = [float(found.center[place]), float(found.low[place]), float(found.high[place])]
        if not self.rule_of(place).lower_is_better:
            ends = [-ends[0], -ends[2], -ends[1]]
        if self.logarithms[place]:
            ends = [float(np.expm1(end)) for end in ends]
        return ends[0], ends[1], ends[2]


def compare(pairing: Pairing, gate: Gate) -> Comparison:
    """Judge every gated metric in every cell that has it.  Raises NotComparableError for a rule without any."""
    same = changes.same_simulations(pairing)
    found = [_one(place, rule, pairing, gate, same) for place, rule in enumerate(gate.rules)]
    for rule, (_, cells, *_) in zip(gate.rules, found, strict=True):
        if not len(cells):
            raise NotComparableError(
                f'{rule.place}: "{rule.title}" gates no cell that both runs have, so it would let everything through\n'
                "  next: widen its `where:`, or say `cells: base` to have missing cells counted"
            )
    rules, cell, base, new, logarithms, differences, worse, better, known = (
        np.concatenate(parts) for parts in zip(*found, strict=True)
    )
    judged = judge(differences, worse, better, known, gate.confidence)
    changed = tuple(changes.changes(pairing))
    return Comparison(pairing, gate, rules, cell, base, new, logarithms, worse, judged, changed)


def _one(place: int, rule: Rule, pairing: Pairing, gate: Gate, same: Mask) -> tuple[NDArray[np.generic], ...]:
    """One rule in its cells, those of BASE that have the metric; see `Comparison`."""
    base, new = pairing.values(rule.metric)
    asked = pairing.common if gate.common_only else np.ones(pairing.cells, np.bool_)
    cells = np.flatnonzero(rule.selected & asked & np.isfinite(base).any(axis=1))
    base, new = base[cells], new[cells]
    paired: Mask = np.isfinite(base) & np.isfinite(new)
    with_pair = np.where(paired.any(axis=1, keepdims=True), paired, np.isfinite(base))
    base_mean = stats.mean(np.where(with_pair, base, np.nan)).center
    new_mean = stats.mean(np.where(paired, new, np.nan)).center

    accepted = rule.margin.of(base_mean)
    positive = ((base > 0) & (new > 0) | ~paired).all(axis=1)
    is_share = accepted > rule.margin.absolute
    logarithms = is_share & positive
    differences = np.where(logarithms[:, None], stats.log_ratio(new, base), np.where(paired, new - base, np.nan))
    down, up = np.log1p(-rule.margin.relative), np.log1p(rule.margin.relative)
    sign, limits = (1, (up, down)) if rule.lower_is_better else (-1, (-down, -up))
    worse, better = (np.where(logarithms, limit, side * accepted) for limit, side in zip(limits, (1, -1), strict=True))
    equal = ((base == new) | ~paired).all(axis=1)  # also in what publishing computes anew
    return (
        np.full(len(cells), place),
        cells,
        base_mean,
        new_mean,
        logarithms,
        sign * differences,
        worse,
        better,
        same[cells] & equal & paired.any(axis=1),
    )
