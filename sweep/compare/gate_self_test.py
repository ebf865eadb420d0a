# SPDX-License-Identifier: MIT
"""Self-test of a gate: NEW is made worse in memory and judged again, and every rule of the gate must find that.

A gate that cannot fail looks the same as one that has nothing to find.  So NEW is first shifted to the mean of BASE,
which keeps the noise of the pairs and removes a real change, and then made worse: by a quarter if the margin is
relative, by twice the margin if it is absolute.  A rule that finds this in no cell is dead: its margin is too wide, or
there are too few pairs.

Not modelled: effects of a regression on other metrics; each gated metric is made worse independently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sweep import format
from sweep.errors import SweepError
from sweep.stats import Estimate
from sweep.stats.margins import FEWEST_PAIRS, Verdict, judge

from .comparison import Comparison, confidence_of
from .margins import share

SHARE = 0.25  # injected worsening under a relative margin, of BASE
AMOUNT = 2.0  # injected worsening under an absolute margin, in margins
MADE_WORSE = f"NEW was made {share(SHARE)} or {AMOUNT:g} margins worse than BASE"
FOUND, DEAD, TOO_LITTLE = 1, 2, 4  # exit codes: a gate that works ends as it would for a regression


@dataclass(frozen=True)
class SelfTest:
    """The comparison of BASE with a NEW that was made worse."""

    comparison: Comparison

    def unfound(self) -> Iterator[tuple[int, str]]:
        """Index and message of each rule that finds the regression in no cell."""
        comparison = self.comparison
        for place, rule in enumerate(comparison.gate.rules):
            if comparison.count(Verdict.REGRESSED, place):
                continue
            cells = format.count(int((comparison.rule == place).sum()), "cell")
            undecided = comparison.count(Verdict.UNDECIDED, place)
            if not undecided:
                reason = f"its margin, {rule.margin.text}, lets it through in all of its {cells}"
            else:
                pairs = int(comparison.judged.worsening.pairs[comparison.rule == place].max())
                reason = f"{format.count(pairs, 'pair')} at most in {cells} is too little data to find it"
            yield place, f'{rule.place}: "{rule.title}": {reason}'

    @property
    def exit_code(self) -> int:
        missed_rules = [place for place, _ in self.unfound()]
        if not missed_rules:
            return FOUND
        return TOO_LITTLE if all(self.comparison.count(Verdict.UNDECIDED, place) for place in missed_rules) else DEAD

    def check(self) -> None:
        """Raises DeadGateError if a rule did not find it."""
        lines = [text for _, text in self.unfound()]
        if not lines:
            return
        total = len(self.comparison.gate.rules)
        wider = self.exit_code == DEAD
        error = DeadGateError(
            f"self-test: {len(lines):,} of {format.count(total, 'rule')} cannot fail: {MADE_WORSE}, and not found\n"
            + "\n".join(f"  {line}" for line in lines)
            + ("\n  next: a smaller margin" if wider else f"\n  next: more pairs: {_more(self.comparison)}")
        )
        error.exit_code = self.exit_code
        raise error


class DeadGateError(SweepError):
    """The gate would have let a regression through."""


def self_test(found: Comparison) -> SelfTest:
    """Judge NEW made worse, by the same gate in the same cells."""
    measured_worsening = found.measured.worsening
    amounts = np.array([_amount(found, place) for place in range(len(found))])
    signs = np.array([1 if found.rule_of(place).lower_is_better else -1 for place in range(len(found))])
    target = np.where(found.logarithms, signs * np.log1p(signs * SHARE), amounts)
    moved = target - measured_worsening.center
    worsening = Estimate(
        target + 0 * measured_worsening.center,
        measured_worsening.low + moved,
        measured_worsening.high + moved,
        measured_worsening.deviation,
        measured_worsening.pairs,
        measured_worsening.p,
    )
    new = np.where(found.logarithms, found.base * (1 + signs * SHARE), found.base + signs * amounts)
    original = found.measured
    # NEW is no longer the same simulation; differences equal in all pairs are shifted equally and stay exact.
    moved_alike = (measured_worsening.deviation == 0) & (measured_worsening.pairs >= FEWEST_PAIRS)
    exact = (original.exact & (~original.same | (measured_worsening.pairs >= 2))) | moved_alike
    measured = replace(
        original,
        worsening=worsening,
        new=np.where(np.isfinite(measured_worsening.center), new, np.nan),
        same=np.zeros_like(exact),
    )
    confidence = confidence_of(found.pairing, found.gate)
    judged = judge(
        worsening,
        original.worse,
        original.better,
        exact,
        original.enough.met,
        confidence,
        tested_without=~original.sectioned,
    )
    changed = (f"self-test: {MADE_WORSE}",)
    return SelfTest(replace(found, measured=measured, judged=judged, changed=changed))


def _amount(found: Comparison, place: int) -> float:
    """Injected worsening of a comparison that is judged by differences, in the metric's unit."""
    margin, base = found.rule_of(place).margin, abs(float(found.base[place]))
    size = AMOUNT * float(margin.of(np.array(base)))
    if margin.is_relative or not size:
        size = max(size, SHARE * base)
    return size or 1.0  # BASE is zero and nothing is accepted: one unit of the metric


def _more(found: Comparison) -> str:
    pairs = int(found.judged.worsening.pairs.max())
    return f"{found.pairing.new.command} --set replicates={max(5, 2 * pairs)}, and BASE alike"
