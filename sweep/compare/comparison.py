# SPDX-License-Identifier: MIT
"""Two paired sides held to a gate: a verdict for every gated metric in every cell, and one for all of them.

`measured` says by how much NEW is worse and what is accepted, `stats.margins` judges it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep import evidence, stats
from sweep.errors import NotComparableError
from sweep.precision import Reached
from sweep.stats.margins import MOST_PAIRS, Judged, Verdict, judge

from . import changes
from .gate import Gate, Rule
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
        """Place in gate.rules."""
        return self.measured.rule

    @property
    def cell(self) -> Integers:
        """Place in the pairing."""
        return self.measured.cell

    @property
    def base(self) -> Array:
        """Value of BASE over the pairs, in the metric's unit; without a pair, over what BASE has."""
        return self.measured.base

    @property
    def new(self) -> Array:
        """Value of NEW; NaN without a pair."""
        return self.measured.new

    @property
    def logarithms(self) -> Mask:
        """Whether ratios were judged; else differences."""
        return self.measured.logarithms

    @property
    def worse(self) -> Array:
        """The margin, in the unit of what was judged."""
        return self.measured.worse

    @property
    def verdict(self) -> str:
        """ "pass", "regressed" or "too little data"."""
        if self.count(Verdict.REGRESSED):
            return REGRESSED
        return TOO_LITTLE if self.open.any() else PASSED

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    @property
    def open(self) -> Mask:
        """Undecided comparisons that have to be shown to pass, (c,)."""
        watched = np.array([rule.watched for rule in self.gate.rules])
        return np.asarray((self.judged.verdicts == Verdict.UNDECIDED) & ~watched[self.rule])

    def count(self, verdict: Verdict, rule: int | None = None) -> int:
        """How many comparisons, of one rule or of all, have this verdict."""
        found = self.judged.verdicts == verdict
        return int(found.sum() if rule is None else (found & (self.rule == rule)).sum())

    def which(self, verdict: Verdict) -> list[int]:
        """Comparisons with this verdict, those that exceed their margin most first; undecided ones if they are open."""
        found = np.flatnonzero(self.open if verdict == Verdict.UNDECIDED else self.judged.verdicts == verdict)
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

    @property
    def too_little_seen(self) -> Mask:
        """Undecided comparisons that wait for episodes, whatever their pairs say, (c,)."""
        enough, found = self.measured.enough, self.judged.worsening
        unseen = ~enough.met | (np.isnan(found.low) & (found.pairs >= 2) & np.isfinite(enough.seen))
        return np.asarray((self.judged.verdicts == Verdict.UNDECIDED) & unseen & (found.pairs > 0))

    @property
    def needed(self) -> Integers:
        """Pairs that would decide an undecided comparison, if all goes on as it did, (c,); 0: none, or too many."""
        enough, pairs = self.measured.enough, self.judged.worsening.pairs
        with np.errstate(divide="ignore", invalid="ignore"):
            seeing = np.ceil(pairs * np.fmax(enough.needed, evidence.FEWEST_PIECES) / enough.seen)
        known = np.isfinite(seeing) & (seeing <= MOST_PAIRS) & (self.judged.needed > 0)
        return np.where(
            self.too_little_seen, np.where(known, np.fmax(seeing, self.judged.needed), 0), self.judged.needed
        ).astype(np.int64)

    def rule_of(self, place: int) -> Rule:
        return self.gate.rules[int(self.rule[place])]

    def episode_word(self, place: int) -> str:
        """What an episode of its cell is called: "stall"."""
        return self.pairing.episode_word(int(self.cell[place]))

    def change(self, place: int) -> tuple[float, float, float]:
        """Change of the metric as it moved, and the ends of its interval: shares if ratios were judged."""
        found = self.judged.worsening
        ends = [float(found.center[place]), float(found.low[place]), float(found.high[place])]
        if not self.rule_of(place).lower_is_better:
            ends = [-ends[0], -ends[2], -ends[1]]
        if self.logarithms[place]:
            ends = [float(np.expm1(end)) for end in ends]
        return ends[0], ends[1], ends[2]


def looks(pairing: Pairing) -> int:
    """How many numbers of pairs a cell may have, where it was decided by looking at them; else 1."""
    reached = filter(None, (Reached.of(side.about) for side in (pairing.base, pairing.new)))
    return max(len({look for each in reached for look in each.looks}), 1)


def confidence_of(pairing: Pairing, gate: Gate) -> float:
    """Of each interval and test, so that the verdicts hold at the gate's."""
    return stats.at_each(looks(pairing), gate.confidence)


def compare(pairing: Pairing, gate: Gate) -> Comparison:
    """Judge every gated metric in every cell that has it.  Raises NotComparableError for a rule without any."""
    confidence = confidence_of(pairing, gate)
    found = [measure(place, rule, pairing, confidence, gate.common_only) for place, rule in enumerate(gate.rules)]
    for rule, each in zip(gate.rules, found, strict=True):
        if not len(each.cell):
            raise NotComparableError(
                f'{rule.place}: "{rule.title}" gates no cell that both runs have, so it would let everything through\n'
                "  next: widen its `where:`, or say `cells: base` to have missing cells counted"
            )
    measured = joined(found)
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
