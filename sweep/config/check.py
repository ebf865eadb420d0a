# SPDX-License-Identifier: MIT
"""Check for impossible combinations: each value is valid by itself, but some points cannot be simulated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sweep import units
from sweep.config.models.quantities import ChoiceError
from sweep.config.points.columns import ColumnSource, representative_points
from sweep.config.points.reading import Reading
from sweep.config.points.scenario_parts import DocumentError
from sweep.errors import did_you_mean
from sweep.fields.scenario import LONGEST_PS, MOST_PACKETS
from sweep.grid import Coded, Codes, Ints, Layout, combined, first_rows
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
PointCheck = Callable[[Sweep, int], Problem]


def check(sweep: Sweep, reading: Reading, top: Place) -> None:
    """Check that every point can be simulated.  Errors: Mistake, with its place and the number of points affected."""
    if not sweep.points:
        raise Mistake(reading.parts.settings["where"].place, "where removes every point.")
    _baseline(sweep, reading)
    _idle_knobs(sweep, reading)
    _claims(sweep, reading)
    _objectives(sweep, reading)
    _precision(sweep, reading)
    places = _Places(sweep.layout, reading, top)
    scenarios = sweep.scenarios
    window_columns = [
        scenarios["traffic"].map(lambda mix: mix.name),
        scenarios["load_ppm"],
        scenarios.duration_ps,
        scenarios.warmup_ps,
    ]
    _each(sweep, places, [scenarios["packets"], scenarios["warmup"], *window_columns], window)
    _groups(sweep, places, *sweep.layout.distinct(sweep.decisive("rules")), rules)
    _groups(sweep, places, *sweep.layout.distinct(sweep.decisive("knobs")), knobs)
    _each(sweep, places, [scenarios["ring"], scenarios["nic"].map(lambda nic: nic.refill_batch)], refill)
    _each(sweep, places, [scenarios["traffic"].map(lambda mix: (mix.name, mix.arrivals)), scenarios["load_ppm"]], peak)
    gaps = [
        scenarios["traffic"].map(lambda mix: (mix.name, mix.arrivals, mix.sizes)),
        scenarios["load_ppm"],
        scenarios["queues"],
    ]
    _each(
        sweep,
        places,
        [*gaps, scenarios["nic"].map(lambda nic: nic.link_ps_per_byte), scenarios["packets"], scenarios.duration_ps],
        duration,
    )
    _each(
        sweep,
        places,
        [scenarios["strategy"], scenarios["knobs"], scenarios["traffic"].map(lambda mix: (mix.name, mix.sizes))],
        frames,
    )


def window(sweep: Sweep, point: int) -> Problem:
    packets, warmup_packets = sweep.window(point)
    warmup, traffic = sweep.value(point, "warmup"), sweep.traffic(point).name
    where = f'at load "{sweep.value(point, "load") / units.MILLION:g}" of traffic "{traffic}"'
    if packets > MOST_PACKETS:
        length = parameters()["duration"].shown(sweep.value(point, "duration"))
        allowed = f"1 to {MOST_PACKETS:,} are allowed"
        return "duration", f'duration "{length}" is too large: {packets:,} packets with its warm-up {where}; {allowed}.'
    if packets > warmup_packets:
        return None
    if isinstance(warmup, int):
        return "packets", f'packets "{packets:,}" is not above warmup "{warmup_packets:,}".'
    return (
        "packets",
        f'packets "{packets:,}" is not above warmup "{warmup}", which is {warmup_packets:,} packets {where}.',
    )


def knobs(sweep: Sweep, point: int) -> Problem:
    return _impossible(sweep.knobs, point)


def rules(sweep: Sweep, point: int) -> Problem:
    return _impossible(sweep.rules, point)


def _impossible(build: Callable[[int], object], point: int) -> Problem:
    """What is wrong with the part of the scenario that `build` makes."""
    try:
        build(point)
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
    share, peak_share = load / units.MILLION, bursts.peak_ppm / units.MILLION
    return "load", f'load "{share:g}" is not below the peak "{peak_share:g}" of the bursts of traffic "{traffic.name}".'


def duration(sweep: Sweep, point: int) -> Problem:
    scenario = sweep.scenarios.at(point)
    gap = prepare.mean_gap_ps(scenario, scenario.load_ppm)
    if gap * prepare.burst_mean(scenario.traffic) * TAIL <= quantiles.LIMIT:
        if gap * scenario.packets <= LONGEST_PS:
            return None
        if sweep.value(point, "duration") is not None:
            duration_text = parameters()["duration"].shown(sweep.value(point, "duration"))
            return "duration", f'duration "{duration_text}" is too large: an hour is the most, its warm-up included.'
    load, seconds = scenario.load_ppm / units.MILLION, gap / units.PS_PER_SECOND
    return "load", (
        f'load "{load:g}" is too low for traffic "{scenario.traffic.name}": a packet every {seconds:.3g} s, '
        f"{seconds * scenario.packets:,.0f} s in all; neither gaps of seconds nor an hour in all are possible."
    )


def frames(sweep: Sweep, point: int) -> Problem:
    name, traffic = sweep.strategy_of(point), sweep.traffic(point)
    buffer_bytes = strategy(name).buffer_bytes(dict(sweep.knobs(point)))
    largest = max(size for size, _ in traffic.sizes)
    if largest <= buffer_bytes:
        return None
    return (
        "traffic",
        f'traffic "{traffic.name}" has frames of "{largest:,} B"; a buffer of {name} holds {buffer_bytes:,} B.',
    )


class _Places:
    """Finds where in the file the value of a parameter at a point was written."""

    def __init__(self, layout: Layout, reading: Reading, top: Place) -> None:
        self.layout, self.reading, self.top = layout, reading, top

    def at(self, name: str, point: int) -> Place:
        """Place of the value; if it is not written, of its strategy, NIC, ...; or else of the file."""
        digits = self.layout.digits(point)
        point_places = self.reading.point_places[digits[1]] if digits[:1] == (-1,) else {}
        for candidate in (name, name.partition(".")[0]):
            if candidate in point_places:
                return point_places[candidate]
            if candidate in self.layout.home and not point_places:
                return self.reading.places[candidate][digits[self.layout.home[candidate]]]
            if candidate in self.reading.parts.fixed:
                return self.reading.places[candidate][0]
        return self.top


def _each(sweep: Sweep, places: _Places, columns: Sequence[Coded[Any]], problem: PointCheck) -> None:
    """Check one point of every combination of values in `columns`.  Errors: Mistake."""
    groups = combined(columns, sweep.points)
    _groups(sweep, places, first_rows(groups.codes, len(groups.values)), groups.codes, problem)


def _groups(sweep: Sweep, places: _Places, first: Ints, codes: Codes, problem: PointCheck) -> None:
    """Check the first point of each group; `codes`: the group of each point, (points,).  Errors: Mistake."""
    problems = {int(point): problem(sweep, int(point)) for point in first}
    impossible_points = [point for point, text in problems.items() if text]
    if impossible_points:
        impossible = int(np.isin(codes, np.flatnonzero(np.isin(first, impossible_points))).sum())
        name, text = problems[min(impossible_points)] or ("", "")
        count_text = f"{impossible:,} of {sweep.points:,} points are impossible."
        raise Mistake(places.at(name, min(impossible_points)), f"{text} {count_text}")


def _baseline(sweep: Sweep, reading: Reading) -> None:
    """The baseline must be a point of the sweep, or there is nothing to compare with."""
    node = reading.parts.settings.get("baseline")
    if node is None or node.pairs is None:
        return
    is_baseline = np.ones(sweep.points, np.bool_)
    for name, baseline_value in sweep.baseline.items():
        show = parameters()[name].shown
        values, codes = sweep.layout.codes(name)
        has_value = np.isin(codes, [i for i, value in enumerate(values) if show(value) == baseline_value])
        place = node.pairs[name].place
        text = f'baseline: {name} "{shorten(node.pairs[name].text)}"'
        if not has_value.any():
            known = tuple(dict.fromkeys(str(show(values[code])) for code in np.unique(codes) if code >= 0))
            hint = did_you_mean(node.pairs[name].text, known)
            raise Mistake(place, f"{text} is not among the points.{hint}", known=known)
        is_baseline &= has_value
        if not is_baseline.any():
            raise Mistake(place, f"{text} is at no point together with the rest of the baseline.")


def _idle_knobs(sweep: Sweep, reading: Reading) -> None:
    """A knob that no strategy of the sweep has is a mistake."""
    existing = {name for strategy_name in sweep.strategies for name in knobs_of(strategy_name)}
    for name in [*sweep.layout.home, *reading.parts.fixed]:
        if name.startswith("strategy.") and name not in existing:
            place = reading.places[name][0]
            raise Mistake(place, f'no strategy among the points has "{name}".', known=tuple(sorted(existing)))


def _claims(sweep: Sweep, reading: Reading) -> None:
    """A claim must apply to at least one point; without this check only the report would find out, after the run."""
    for index, claim in enumerate(sweep.document["claims"]):
        layout, _ = representative_points(sweep.layout, claims.named(claim["that"]))
        try:
            claims.selects(claim["that"], ColumnSource(layout, sweep.document), layout)
        except ChoiceError as error:
            node = (reading.parts.settings["claims"].items or [])[index].mapping("a claim")["that"]
            raise Mistake.of(node.place, f'claims: that "{shorten(node.text)}"', error) from None


def _precision(sweep: Sweep, reading: Reading) -> None:
    """A precision needs comparisons; without any it would be reached at once."""
    if sweep.precision is not None and not len(comparisons.compared(sweep)):
        raise Mistake(
            reading.parts.settings["precision"].place,
            f'precision: nothing is compared, for every point is the baseline "{sweep.baseline["strategy"]}"; '
            'without "baseline:" it is the precision of means.',
        )


def _objectives(sweep: Sweep, reading: Reading) -> None:
    """An objective must apply to at least one point; otherwise it would always be met."""
    for index, text in enumerate(sweep.document["objectives"]):
        try:
            objectives.read(sweep, text)
        except ChoiceError as error:
            section = reading.parts.settings["objectives"]
            node = section if section.items is None else section.items[index]
            raise Mistake.of(node.place, f'objectives "{shorten(node.text)}"', error) from None
