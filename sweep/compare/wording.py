# SPDX-License-Identifier: MIT
"""Texts about one comparison: values of BASE and NEW, change, margin, and footnotes."""

from __future__ import annotations

import math

from sweep import format
from sweep.evidence import FEWEST_PIECES, only_seen
from sweep.stats.margins import FEWEST_PAIRS

from .comparison import Comparison
from .margins import amount, share

ROUNDING = 1e-12  # relative error of a sum that is added in another order
SKEWED = 1.5  # ratio of an interval's sides from which both ends are shown; converting log ratios causes less


def values(found: Comparison, place: int) -> str:
    """The values of BASE and NEW, "55.5 → 56.5 ns", with enough digits to tell them apart, up to six."""
    base, new, unit = float(found.base[place]), float(found.new[place]), found.rule_of(place).unit
    texts = [format.significant(value) for value in (base, new)]
    for digits in (4, 5, 6):
        if texts[0] == texts[1] and base != new:
            texts = [format.significant(value, digits) for value in (base, new)]
    return " → ".join(texts) + (f" {unit}" if unit != "1" else "")


def change(found: Comparison, place: int) -> str:
    """The change, "+1.9 ±0.01 %", "+0.002 ±0.0001", "0"; without ± if it is exact or has no interval.

    An interval that reaches further on one side is given by its ends: "+0.11 (+0.09 to +0.31)".
    """
    center, low, high = found.change(place)
    if not math.isfinite(center):
        return format.MISSING
    widths = sorted((center - low, high - center))
    if widths[1] > SKEWED * widths[0] and widths[1] > ROUNDING:
        return _ends(found, place)
    half = (high - low) / 2
    exact = not half > ROUNDING * abs(center)  # NaN, with one pair, too
    if found.logarithms[place]:
        return f"{percent(center, half)}{'' if exact else f' ±{format.half_width(half)}'} %"
    unit = found.rule_of(place).unit
    if exact:
        return amount(center, unit, signed=True)
    center = round(center, 1 - math.floor(math.log10(half)))  # to the second digit of its interval
    return f"{amount(center, '1', signed=True)} ±{amount(half, unit, digits=2)}"


def _ends(found: Comparison, place: int) -> str:
    center, low, high = found.change(place)
    if found.logarithms[place]:
        half = (high - low) / 2
        return f"{percent(center, half)} ({percent(low, half)} to {percent(high, half)}) %"
    unit = found.rule_of(place).unit
    texts = [amount(value, "1", signed=True, digits=2) for value in (center, low, high)]
    return f"{texts[0]} ({texts[1]} to {texts[2]})" + (f" {unit}" if unit != "1" else "")


def percent(value: float, half: float = 0.0) -> str:
    """A change in percent without the sign %: with a second decimal where it, or half its interval, is small."""
    if value == 0:
        return "0"
    decimals = 2 if abs(value) < 0.001 or 0 < half < 0.00095 else 1 if abs(value) < 1 else 0
    return f"{100 * value:+,.{decimals}f}"


def accepted(found: Comparison, place: int) -> str:
    """The margin that held in this cell: "1 %", or "0.05 ns" where the floor is more or ratios do not exist."""
    rule = found.rule_of(place)
    if found.logarithms[place]:
        return share(rule.margin.relative)
    return amount(float(found.worse[place]), rule.unit)


def notes(found: Comparison, place: int) -> tuple[str, ...]:
    """The footnotes of a comparison: why it is undecided, or is judged in another way."""
    footnotes = []
    pairs, rule = int(found.judged.worsening.pairs[place]), found.rule_of(place)
    if pairs == 0:
        no_cell = not found.pairing.common[found.cell[place]]
        return ("NEW has no such cell" if no_cell else "NEW has no value here",)
    if found.base[place] == 0 and rule.margin.is_relative:
        floor = amount(rule.margin.absolute, rule.unit)
        if rule.margin.absolute:
            footnotes.append(f"BASE is zero, and a share of it is too: the floor, {floor}, is all that is accepted")
        else:
            footnotes.append(
                "BASE is zero, and a share of it is too: give a `floor:`, for never is more than can be shown"
            )
    elif rule.margin.is_relative and not found.logarithms[place]:
        if found.worse[place] > rule.margin.absolute and found.measured.in_clumps[place]:
            footnotes.append(f"{rule.margin.short} of BASE: what comes in clumps is judged by differences")
        else:
            footnotes.append("the margin in % is less than its floor here, or a value is zero: differences are judged")
    if pairs == 1:
        footnotes.append("one pair shows nothing about its spread: 2 are needed at least, 5 are usual")
    elif found.too_little_seen[place]:
        footnotes.append(seen(found, place))
    elif pairs < FEWEST_PAIRS and found.excess[place] > 1:
        footnotes.append(f"two pairs may agree by chance: a regression takes {FEWEST_PAIRS}")
    return tuple(footnotes)


def seen(found: Comparison, place: int) -> str:
    """Why too little was seen: "only 5 stalls seen in 8 pairs, 30 are needed"."""
    enough = found.measured.enough
    number, required = int(enough.seen[place]), max(int(enough.needed[place]), FEWEST_PIECES)
    pairs = format.count(int(found.judged.worsening.pairs[place]), "pair")
    word = found.episode_word(place)
    if enough.lasting[place]:
        parts_text = "1 independent part" if number == 1 else f"{number:,} independent parts"
        return f"only {parts_text} seen in {pairs}, {required} are needed: one busy period goes on through many {word}s"
    return f"{only_seen(number, word)} in {pairs}, {required} are needed"


def comparison_line(found: Comparison, place: int) -> str:
    """The whole comparison in one line: metric, cell, values, change, margin, pairs, footnotes."""
    cell = found.pairing.words(int(found.cell[place]))
    pairs = format.count(int(found.judged.worsening.pairs[place]), "pair")
    comparison_text = f"{found.rule_of(place).metric} of {cell}: {values(found, place)}, {change(found, place)}"
    return f"{comparison_text} (margin {accepted(found, place)}, {pairs})" + "".join(
        f"; {note}" for note in notes(found, place)
    )
