# SPDX-License-Identifier: MIT
"""Judge two paired sides by a gate: a verdict for every gated metric in every cell, and one for all of them.

`measured` has by how much NEW is worse and what is accepted; `stats.margins` judges it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep import evidence, stats
from sweep.errors import NotComparableError
from sweep.reached_precision import ReachedPrecision
from sweep.stats.margins import MOST_PAIRS, Judged, Verdict, judge

from . import changes
from .gate import Gate, GateRule
from .measured import Array, Integers, Mask, Measured, joined, measure
from .pairing import Pairing

PASSED, REGRESSED, TOO_LITTLE = "pass", "regressed", "too little data"
EXIT_CODES = {PASSED: 0, REGRESSED: 1, TOO_LITTLE: 4}


@dataclass(frozen=True)
class Comparison:
    """All comparisons, shape (c,): metric by metric in the order of the gate, cell by cell in the order of BASE."""

    pairing: Pairing
    gate: Gate
    measured: Measured
    judged: Judged
    changed: tuple[str, ...]  # what differs between the sides

    def __repr__(self) -> str:
        base, new = self.pairing.base.title, self.pairing.new.title
        return f'<sweep.compare.Comparison of "{new}" with "{base}": {self.verdict}, exit code {self.exit_code}>'

    def __len__(self) -> int:
        return len(self.rule)

    @property
    def rule(self) -> Integers:
        """Index of gate.rules, (c,)."""
        return self.measured.rule

    @property
    def cell(self) -> Integers:
        """Index of the pairing's cells, (c,)."""
        return self.measured.cell

    @property
    def base(self) -> Array:
        """Mean of BASE over the pairs, in the metric's unit, (c,); without a pair, over all replicates of BASE."""
        return self.measured.base

    @property
    def new(self) -> Array:
        """Mean of NEW over the pairs, (c,); NaN without a pair."""
        return self.measured.new

    @property
    def logarithms(self) -> Mask:
        """Whether log ratios were judged, else differences, (c,)."""
        return self.measured.logarithms

    @property
    def worse(self) -> Array:
        """The margin, as a logarithm or in the metric's unit, (c,)."""
        return self.measured.worse

    @property
    def verdict(self) -> str:
        """The verdict over all comparisons: "pass", "regressed" or "too little data"."""
        if self.count(Verdict.REGRESSED):
            return REGRESSED
        return TOO_LITTLE if self.open.any() else PASSED

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    @property
    def open(self) -> Mask:
        """Undecided comparisons whose rule requires them to be shown to pass, (c,)."""
        watched = np.array([rule.watched for rule in self.gate.rules])
        return np.asarray((self.judged.verdicts == Verdict.UNDECIDED) & ~watched[self.rule])

    def count(self, verdict: Verdict, rule: int | None = None) -> int:
        """Number of comparisons with this verdict, of one rule or of all."""
        has_verdict = self.judged.verdicts == verdict
        return int(has_verdict.sum() if rule is None else (has_verdict & (self.rule == rule)).sum())

    def which(self, verdict: Verdict) -> list[int]:
        """Comparisons with this verdict (if UNDECIDED, those that are `open`), largest excess over the margin first."""
        indices = np.flatnonzero(self.open if verdict == Verdict.UNDECIDED else self.judged.verdicts == verdict)
        # An infinite excess (margin 0, or no estimate) comes first; ties are ordered by the size of the change.
        excess = np.where(np.isfinite(self.excess[indices]), self.excess[indices], np.inf)
        size = np.nan_to_num(np.abs(self.judged.worsening.center[indices]))
        return [int(index) for index in indices[np.lexsort((-size, -excess))]]

    @property
    def excess(self) -> Array:
        """The worsening as a multiple of the margin, (c,): 2.0 is twice what is accepted, negative is better."""
        with np.errstate(divide="ignore", invalid="ignore"):
            excess: Array = self.judged.worsening.center / self.worse
        return excess

    @property
    def too_little_seen(self) -> Mask:
        """Undecided comparisons that lack episodes, however many pairs they have, (c,)."""
        enough, worsening = self.measured.enough, self.judged.worsening
        unseen = ~enough.met | (np.isnan(worsening.low) & (worsening.pairs >= 2) & np.isfinite(enough.seen))
        return np.asarray((self.judged.verdicts == Verdict.UNDECIDED) & unseen & (worsening.pairs > 0))

    @property
    def needed(self) -> Integers:
        """Pairs that would decide an undecided comparison if mean and spread stay, (c,); 0: unknown, or too many."""
        enough, pairs = self.measured.enough, self.judged.worsening.pairs
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs_for_episodes = np.ceil(pairs * np.fmax(enough.needed, evidence.FEWEST_PIECES) / enough.seen)
        known = np.isfinite(pairs_for_episodes) & (pairs_for_episodes <= MOST_PAIRS) & (self.judged.needed > 0)
        return np.where(
            self.too_little_seen,
            np.where(known, np.fmax(pairs_for_episodes, self.judged.needed), 0),
            self.judged.needed,
        ).astype(np.int64)

    def rule_of(self, place: int) -> GateRule:
        return self.gate.rules[int(self.rule[place])]

    def episode_word(self, place: int) -> str:
        """The word for an episode of a comparison's cell, such as "stall"."""
        return self.pairing.episode_word(int(self.cell[place]))

    def change(self, place: int) -> tuple[float, float, float]:
        """Change of the metric and the ends of its interval: shares of BASE if ratios were judged, else its unit."""
        worsening = self.judged.worsening
        ends = [float(worsening.center[place]), float(worsening.low[place]), float(worsening.high[place])]
        if not self.rule_of(place).lower_is_better:
            ends = [-ends[0], -ends[2], -ends[1]]
        if self.logarithms[place]:
            ends = [float(np.expm1(end)) for end in ends]
        return ends[0], ends[1], ends[2]


def looks(pairing: Pairing) -> int:
    """Number of interim looks of both runs together; 1 if neither was run for a precision."""
    reached = filter(None, (ReachedPrecision.of(side.about) for side in (pairing.base, pairing.new)))
    return max(len({look for reached_precision in reached for look in reached_precision.looks}), 1)


def confidence_of(pairing: Pairing, gate: Gate) -> float:
    """The confidence of each interval and test, so that the verdicts hold at the gate's confidence."""
    return stats.at_each(looks(pairing), gate.confidence)


def compare(pairing: Pairing, gate: Gate) -> Comparison:
    """Judge every gated metric in every cell that has it.  Raises NotComparableError for a rule without any."""
    confidence = confidence_of(pairing, gate)
    measured_rules = [
        measure(place, rule, pairing, confidence, gate.common_only) for place, rule in enumerate(gate.rules)
    ]
    for rule, measured_rule in zip(gate.rules, measured_rules, strict=True):
        if not len(measured_rule.cell):
            raise NotComparableError(
                f'{rule.place}: "{rule.title}" gates no cell that both runs have, so it would let everything through\n'
                "  next: widen its `where:`, or say `cells: base` to have missing cells counted"
            )
    measured = joined(measured_rules)
    judged = judge(
        measured.worsening,
        measured.worse,
        measured.better,
        measured.exact,
        measured.enough.met,
        confidence,
        tested_without=~measured.sectioned,
    )
    return Comparison(pairing, gate, measured, judged, tuple(changes.changes(pairing)))
