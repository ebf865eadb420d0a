# SPDX-License-Identifier: MIT
"""Can this gate fail?  NEW is made worse in memory and judged again: every rule of the gate must find it.

A gate that never fails looks like one that is never needed.  So NEW is first brought level with BASE, which keeps the
noise of the pairs and takes a real change away, and then made worse: by a quarter where the margin is a share, by twice
the margin where it is an amount.  A rule that does not find it in any cell is dead: its margin is too wide, or there
are too few pairs to find anything with.

Not modelled: a regression of one part that shows in others; each gated metric is made worse by itself.
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

SHARE = 0.25  # worse than BASE
AMOUNT = 2.0  # margins
MADE_WORSE = f"NEW was made {share(SHARE)} or {AMOUNT:g} margins worse than BASE"
FOUND, DEAD, TOO_LITTLE = 1, 2, 4  # exit codes: a gate that works ends as it would for a regression


@dataclass(frozen=True)
class SelfTest:
    """What a gate says of a NEW that was made worse."""

    comparison: Comparison

    def unfound(self) -> Iterator[tuple[int, str]]:
        """Rules that find the regression in no cell, and why."""
        found = self.comparison
        for place, rule in enumerate(found.gate.rules):
            if found.count(Verdict.REGRESSED, place):
                continue
            cells = format.count(int((found.rule == place).sum()), "cell")
            undecided = found.count(Verdict.UNDECIDED, place)
            if not undecided:
                why = f"its margin, {rule.margin.text}, lets it through in all of its {cells}"
            else:
                pairs = int(found.judged.worsening.pairs[found.rule == place].max())
                why = f"{format.count(pairs, 'pair')} at most in {cells} is too little data to find it"
            yield place, f'{rule.place}: "{rule.title}": {why}'

    @property
    def exit_code(self) -> int:
        found = [place for place, _ in self.unfound()]
        if not found:
            return FOUND
        return TOO_LITTLE if all(self.comparison.count(Verdict.UNDECIDED, place) for place in found) else DEAD

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
    level = found.measured.worsening
    amounts = np.array([_amount(found, place) for place in range(len(found))])
    signs = np.array([1 if found.rule_of(place).lower_is_better else -1 for place in range(len(found))])
    target = np.where(found.logarithms, signs * np.log1p(signs * SHARE), amounts)
    moved = target - level.center
    worsening = Estimate(
        target + 0 * level.center, level.low + moved, level.high + moved, level.deviation, level.pairs, level.p
    )
    new = np.where(found.logarithms, found.base * (1 + signs * SHARE), found.base + signs * amounts)
    before = found.measured
    # NEW is not the same simulation any more; what did not differ in any pair is moved by the same in all of them.
    moved_alike = (level.deviation == 0) & (level.pairs >= FEWEST_PAIRS)
    exact = (before.exact & (~before.same | (level.pairs >= 2))) | moved_alike
    measured = replace(
        before, worsening=worsening, new=np.where(np.isfinite(level.center), new, np.nan), same=np.zeros_like(exact)
    )
    sure = confidence_of(found.pairing, found.gate)
    judged = judge(
        worsening,
        before.worse,
        before.better,
        exact,
        before.enough.met,
        sure,
        tested_without=~before.sectioned,
    )
    changed = (f"self-test: {MADE_WORSE}",)
    return SelfTest(replace(found, measured=measured, judged=judged, changed=changed))


def _amount(found: Comparison, place: int) -> float:
    """How much worse, in the metric's unit, where differences are judged."""
    margin, base = found.rule_of(place).margin, abs(float(found.base[place]))
    size = AMOUNT * float(margin.of(np.array(base)))
    if margin.is_relative or not size:
        size = max(size, SHARE * base)
    return size or 1.0  # of nothing, with nothing accepted: one of whatever it is


def _more(found: Comparison) -> str:
    pairs = int(found.judged.worsening.pairs.max())
    return f"{found.pairing.new.command} --set replicates={max(5, 2 * pairs)}, and BASE alike"
