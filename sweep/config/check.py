# SPDX-License-Identifier: MIT
"""Impossible combinations: each value is right alone, but some points cannot be simulated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sweep import units
from sweep.config.models.quantities import ChoiceError
from sweep.config.points.columns import ColumnSource, narrowed
from sweep.config.points.reading import Reading
from sweep.config.points.scenario_parts import DocumentError
from sweep.errors import did_you_mean
from sweep.fields.scenario import LONGEST_PS, MOST_PACKETS
from sweep.grid import Coded, Codes, Ints, Layout, firsts, together
from sweep.model.lane import prepare
from sweep.model.randomness import quantiles
from sweep.model.strategies import strategy
from sweep.yamltree.source import Mistake, Place, shorten

from . import claims, objectives
from .parameters import knobs_of, parameters
from .points import comparisons
from .sweep import Sweep

TAIL = 19  # the largest quantile of an exponential table is -ln(2**-26) = 18.02 means

Problem = tuple[str, str] | None  # the parameter to blame, what is wrong
Look = Callable[[Sweep, int], Problem]


def check(sweep: Sweep, reading: Reading, top: Place) -> None:
    """Errors: Mistake, with where and how many points."""
    if not sweep.points:
        raise Mistake(reading.parts.settings["where"].place, "where removes every point.")
    _baseline(sweep, reading)
    _idle_knobs(sweep, reading)
    _claims(sweep, reading)
    _objectives(sweep, reading)
    _precision(sweep, reading)
    places = _Places(sweep.layout, reading, top)
    of = sweep.scenarios
    asked = [of["traffic"].map(lambda mix: mix.name), of["load_ppm"], of.duration_ps, of.warmup_ps]
    _each(sweep, places, [of["packets"], of["warmup"], *asked], window)
    _groups(sweep, places, *sweep.layout.distinct(sweep.decisive("knobs")), knobs)
    _each(sweep, places, [of["ring"], of["nic"].map(lambda nic: nic.refill_batch)], refill)
    _each(sweep, places, [of["traffic"].map(lambda mix: (mix.name, mix.arrivals)), of["load_ppm"]], peak)
    gaps = [of["traffic"].map(lambda mix: (mix.name, mix.arrivals, mix.sizes)), of["load_ppm"], of["queues"]]
    _each(
        sweep, places, [*gaps, of["nic"].map(lambda nic: nic.link_ps_per_byte), of["packets"], of.duration_ps], duration
    )
    _each(sweep, places, [of["strategy"], of["knobs"], of["traffic"].map(lambda mix: (mix.name, mix.sizes))], frames)


def window(sweep: Sweep, point: int) -> Problem:
    packets, before = sweep.window(point)
    given, traffic = sweep.value(point, "warmup"), sweep.traffic(point).name
    where = f'at load "{sweep.value(point, "load") / units.MILLION:g}" of traffic "{traffic}"'
    if packets > MOST_PACKETS:
        length = parameters()["duration"].shown(sweep.value(point, "duration"))
        most = f"1 to {MOST_PACKETS:,} are allowed"
        return "duration", f'duration "{length}" is too large: {packets:,} packets with its warm-up {where}; {most}.'
    if packets > before:
        return None
    if isinstance(given, int):
        return "packets", f'packets "{packets:,}" is not above warmup "{before:,}".'
    return "packets", f'packets "{packets:,}" is not above warmup "{given}", which is {before:,} packets {where}.'


def knobs(sweep: Sweep, point: int) -> Problem:
    try:
        sweep.knobs(point)
    except DocumentError as error:
        return error.name, str(error)
    return None


def refill(sweep: Sweep, point: int) -> Problem:
    ring, refill_batch = sweep.value(point, "ring"), sweep.nic(point).refill_batch
    if ring >= refill_batch:
        return None
    return "ring", f'ring "{ring}" is smaller than nic.refill_batch "{refill_batch}": it would never be refilled.'


def peak(sweep: Sweep, point: int) -> Problem:
    traffic, load = sweep.traffic(point), sweep.value(point, "load")
    bursts = prepare.bursts(traffic)
    if bursts is None or load < bursts.peak_ppm:
        return None
    share, most = load / units.MILLION, bursts.peak_ppm / units.MILLION
    return "load", f'load "{share:g}" is not below the peak "{most:g}" of the bursts of traffic "{traffic.name}".'


def duration(sweep: Sweep, point: int) -> Problem:
    scenario = sweep.scenarios.at(point)
    gap = prepare.mean_gap_ps(scenario, scenario.load_ppm)
    if gap * prepare.burst_mean(scenario.traffic) * TAIL <= quantiles.LIMIT:
        if gap * scenario.packets <= LONGEST_PS:
            return None
        if sweep.value(point, "duration") is not None:
            asked = parameters()["duration"].shown(sweep.value(point, "duration"))
            return "duration", f'duration "{asked}" is too large: an hour is the most, its warm-up included.'
    load, seconds = scenario.load_ppm / units.MILLION, gap / units.PS_PER_SECOND
    return "load", (
        f'load "{load:g}" is too low for traffic "{scenario.traffic.name}": a packet every {seconds:.3g} s, '
        f"{seconds * scenario.packets:,.0f} s in all; neither gaps of seconds nor an hour in all are possible."
    )


def frames(sweep: Sweep, point: int) -> Problem:
    name, traffic = sweep.strategy_of(point), sweep.traffic(point)
    most = strategy(name).buffer_bytes(dict(sweep.knobs(point)))
    largest = max(size for size, _ in traffic.sizes)
    if largest <= most:
        return None
    return "traffic", f'traffic "{traffic.name}" has frames of "{largest:,} B"; a buffer of {name} holds {most:,} B.'


class _Places:
    """Where the value of a parameter at a point was written."""

    def __init__(self, layout: Layout, reading: Reading, top: Place) -> None:
        self.layout, self.reading, self.top = layout, reading, top

    def at(self, name: str, point: int) -> Place:
        """Of the value, or of what it belongs to (its strategy, NIC, ...) if it was not written, or the file."""
        digits = self.layout.digits(point)
        own = self.reading.point_places[digits[1]] if digits[:1] == (-1,) else {}
        for candidate in (name, name.partition(".")[0]):
            if candidate in own:
                return own[candidate]
            if candidate in self.layout.home and not own:
                return self.reading.places[candidate][digits[self.layout.home[candidate]]]
            if candidate in self.reading.parts.fixed:
                return self.reading.places[candidate][0]
        return self.top


def _each(sweep: Sweep, places: _Places, columns: Sequence[Coded[Any]], problem: Look) -> None:
    """Look at one point of every combination in these columns.  Errors: Mistake."""
    groups = together(columns, sweep.points)
    _groups(sweep, places, firsts(groups.codes, len(groups.values)), groups.codes, problem)


def _groups(sweep: Sweep, places: _Places, first: Ints, codes: Codes, problem: Look) -> None:
    """Look at the first point of each group; `codes` says which group a point is of.  Errors: Mistake."""
    found = {int(point): problem(sweep, int(point)) for point in first}
    wrong = [point for point, text in found.items() if text]
    if wrong:
        impossible = int(np.isin(codes, np.flatnonzero(np.isin(first, wrong))).sum())
        name, text = found[min(wrong)] or ("", "")
        count_text = f"{impossible:,} of {sweep.points:,} points are impossible."
        raise Mistake(places.at(name, min(wrong)), f"{text} {count_text}")


def _baseline(sweep: Sweep, reading: Reading) -> None:
    """The baseline must be a point of the sweep, or there is nothing to compare with."""
    node = reading.parts.settings.get("baseline")
    if node is None or node.pairs is None:
        return
    everywhere = np.ones(sweep.points, np.bool_)
    for name, wanted in sweep.baseline.items():
        shown = parameters()[name].shown
        values, codes = sweep.layout.codes(name)
        here = np.isin(codes, [i for i, value in enumerate(values) if shown(value) == wanted])
        place = node.pairs[name].place
        text = f'baseline: {name} "{shorten(node.pairs[name].text)}"'
        if not here.any():
            known = tuple(dict.fromkeys(str(shown(values[code])) for code in np.unique(codes) if code >= 0))
            hint = did_you_mean(node.pairs[name].text, known)
            raise Mistake(place, f"{text} is not among the points.{hint}", known=known)
        everywhere &= here
        if not everywhere.any():
            raise Mistake(place, f"{text} is at no point together with the rest of the baseline.")


def _idle_knobs(sweep: Sweep, reading: Reading) -> None:
    """A knob that no strategy among the points has is a mistake, not a wish."""
    has = {name for strategy_name in sweep.strategies for name in knobs_of(strategy_name)}
    for name in [*sweep.layout.home, *reading.parts.fixed]:
        if name.startswith("strategy.") and name not in has:
            place = reading.places[name][0]
            raise Mistake(place, f'no strategy among the points has "{name}".', known=tuple(sorted(has)))


def _claims(sweep: Sweep, reading: Reading) -> None:
    """A claim that speaks of no point would be found out by the report, after everything has run."""
    for index, claim in enumerate(sweep.document["claims"]):
        some, _ = narrowed(sweep.layout, claims.named(claim["that"]))
        try:
            claims.selects(claim["that"], ColumnSource(some, sweep.document), some)
        except ChoiceError as error:
            node = (reading.parts.settings["claims"].items or [])[index].mapping("a claim")["that"]
            raise Mistake.of(node.place, f'claims: that "{shorten(node.text)}"', error) from None


def _precision(sweep: Sweep, reading: Reading) -> None:
    """A precision of nothing would be reached at once."""
    if sweep.precision is not None and not len(comparisons.compared(sweep)):
        raise Mistake(
            reading.parts.settings["precision"].place,
            f'precision: nothing is compared, for every point is the baseline "{sweep.baseline["strategy"]}"; '
            'without "baseline:" it is the precision of means.',
        )


def _objectives(sweep: Sweep, reading: Reading) -> None:
    """An objective that speaks of no point would be met everywhere."""
    for index, text in enumerate(sweep.document["objectives"]):
        try:
            objectives.read(sweep, text)
        except ChoiceError as error:
            given = reading.parts.settings["objectives"]
            node = given if given.items is None else given.items[index]
            raise Mistake.of(node.place, f'objectives "{shorten(node.text)}"', error) from None
