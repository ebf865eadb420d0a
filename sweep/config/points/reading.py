# SPDX-License-Identifier: MIT
"""Reads the values of a sweep file: fixed ones, axes, zips, explicit points; each becomes canonical and has its place.

Mistakes are collected, so that all of them are reported at once.  An invalid value is replaced by a placeholder, so
that the points that use it can be counted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sweep.config.overrides import FileParts
from sweep.config.parameters import parameter_nodes, parameters, settings
from sweep.config.sample import is_crossed
from sweep.grid import LABEL, GridDimension, hashable
from sweep.yamltree.source import Mistake, Node, Place, shorten

from . import sampling
from .short_forms import expand, span
from .windows import DURATION, PACKETS

MOST_MISTAKES = 1000  # ten are shown
INLINE = "inline"  # the name of a NIC that is written out in place of a name


@dataclass(frozen=True)
class InvalidValue:
    """Placeholder for a value that could not be read."""

    place: Place


class TooManyMistakesError(Exception):
    """Reading has stopped because there are too many mistakes."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__()
        self.mistakes = mistakes


@dataclass(slots=True)
class Reading:
    """What was read so far.

    places: parameter -> places of its values, of a fixed one just one;
    sample: the section `sample` and the names of the axes that it draws from, for the document; {} without one;
    point_places: for each explicit point, parameter -> place, and under "" the place of the point itself.
    """

    parts: FileParts
    mistakes: list[Mistake] = field(default_factory=list)
    fixed: dict[str, Any] = field(default_factory=dict)
    dimensions: list[GridDimension] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    sample: dict[str, Any] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    point_places: list[dict[str, Place]] = field(default_factory=list)

    @contextmanager
    def gather(self) -> Iterator[None]:
        """A mistake raised in the block is kept for later, and ends only the block."""
        try:
            yield
        except Mistake as mistake:
            self.mistakes += [mistake, *mistake.also]
            self._end_if_hopeless()

    def note(self, mistake: Mistake, uses: tuple[str, object]) -> None:
        """Keep a mistake, and those reported with it; `uses`: (parameter, value) of the points that it affects."""
        for noted in (mistake, *mistake.also):
            noted.uses = uses
            self.mistakes.append(noted)
        self._end_if_hopeless()

    def _end_if_hopeless(self) -> None:
        if len(self.mistakes) > MOST_MISTAKES:
            raise TooManyMistakesError(self.mistakes)

    def uses(self, name: str) -> list[tuple[Any, Place | None]]:
        """Every readable value of a parameter with its place; None for a default."""
        values: list[tuple[Any, Place | None]] = []
        for dimension in self.dimensions:
            if name in dimension.names:
                column = dimension.names.index(name)
                values += zip((entry[column] for entry in dimension.entries), self.places[name], strict=True)
        if name in self.fixed and (not values or any(name not in point for point in self.points)):
            values += [(self.fixed[name], self.places.get(name, [None])[0])]
        values += [
            (explicit_point[name], places[name])
            for explicit_point, places in zip(self.points, self.point_places, strict=True)
            if name in explicit_point
        ]
        return [(value, place) for value, place in values if not isinstance(value, InvalidValue)]


def read_values(parts: FileParts) -> Reading:
    """Read everything but the settings; mistakes are kept in the result."""
    reading = Reading(parts)
    _fixed(reading)
    sampled = _sampled(parts)
    for name, node in parts.axes.items():
        if name not in sampled:
            with reading.gather():
                reading.dimensions.append(_axis(reading, name, node))
    if sampled or "sample" in parts.settings:
        with reading.gather():
            _sample(reading, sampled)
    taken: dict[str, Place] = {}
    for entry in _listed(reading, "zip"):
        with reading.gather():
            reading.dimensions.append(_zip(reading, entry, taken))
    for node in _listed(reading, "points"):
        with reading.gather():
            _point(reading, node)
    _one_length(reading, taken)
    return reading


def _value(reading: Reading, name: str, node: Node) -> Any:
    """The canonical value of `node`; if it is invalid, a placeholder, and the mistake is noted."""
    try:
        value = parameters()[name].parse(node)
    except Mistake as mistake:
        wrong = node.text if name == "strategy" else InvalidValue(node.place)
        reading.note(mistake, (name, wrong))
        return wrong
    return value


def _fixed(reading: Reading) -> None:
    parts = reading.parts
    for name, parameter in parameters().items():
        if parameter.default not in (None, ...) and "." not in name:
            reading.fixed[name] = parameter.usual()
    _only_mix(parts)
    for name, node in parts.fixed.items():
        reading.places[name] = [node.place]
        with reading.gather():
            if name in parts.axes:
                axis = parts.keys[f"axes.{name}"]
                raise Mistake(parts.keys[name], f'"{name}" is a fixed value here and an axis at {axis}: drop one.')
            if node.items is not None and name != "traffic.sizes":
                raise Mistake(node.place, f'"{name}" is a list here; a list of values belongs under "axes:".')
            if name == "nic" and node.pairs is not None:
                reading.fixed[name] = _inline(parts, node)
            else:
                reading.fixed[name] = _value(reading, name, node)


def _only_mix(parts: FileParts) -> None:
    """If the file defines exactly one mix and gives no `traffic`, that mix is the traffic."""
    mixes = parts.named["traffic"]
    listed = [entry for key in ("zip", "points") if key in parts.settings for entry in parts.settings[key].items or ()]
    given = {*parts.axes, *parts.fixed, *(name for entry in listed for name in entry.pairs or ())}
    if len(mixes) == 1 and "traffic" not in given:
        ((name, node),) = mixes.items()
        parts.fixed["traffic"] = Node(node.place, name)


def _one_length(reading: Reading, zipped: dict[str, Place]) -> None:
    """Check that no point has both `duration` and `packets`; drop the default of `packets` if all have a `duration`."""
    parts = reading.parts
    sweep_places = {name: zipped.get(name) for name in (DURATION, PACKETS)}
    sweep_places |= {name: parts.keys[f"axes.{name}"] for name in sweep_places if name in parts.axes}
    sweep_places |= {name: parts.keys[name] for name in sweep_places if name in parts.fixed}
    for point_places in [{}, *reading.point_places]:
        places = {name: point_places.get(name) or sweep_places[name] for name in sweep_places}
        duration, packets = places[DURATION], places[PACKETS]
        if duration and packets and (not point_places or point_places.keys() & sweep_places.keys()):
            with reading.gather():
                text = (
                    f'"{DURATION}" is given here and "{PACKETS}" at {packets}: both say how long a window is, drop one.'
                )
                raise Mistake(duration, text)
    if sweep_places[DURATION] and (DURATION in parts.fixed or not reading.points):
        del reading.fixed[PACKETS]


def _inline(parts: FileParts, node: Node) -> str:
    name_node = node.mapping("nic").get("name")
    name = settings()["name"].parse(name_node, "nic: name") if name_node else INLINE
    parts.named["nic"][name] = node
    return name


def _listed(reading: Reading, key: str) -> list[Node]:
    node = reading.parts.settings.get(key)
    if node is not None and not node.is_null:
        with reading.gather():
            return node.sequence(key)
    return []


def _values(reading: Reading, name: str, node: Node, what: str) -> list[Any]:
    """Read a list of values or a short form of one; their places are kept in `reading`.  Errors: Mistake."""
    if node.pairs is not None:
        values: list[Any] = list(expand(node, parameters()[name]))
        reading.places[name] = [node.place] * len(values)
        return values
    items = node.sequence(what)
    if not items:
        raise Mistake(node.place, f'{what} "[]" has no values.')
    reading.places[name] = [item.place for item in items]
    return [_value(reading, name, item) for item in items]


def _axis(reading: Reading, name: str, node: Node) -> GridDimension:
    subject = f"the axis {name}"
    values = _values(reading, name, node, subject)
    places: dict[Hashable, int] = {}
    for i, value in enumerate(map(hashable, values)):
        first_index = places.setdefault(value, i)
        if node.items is not None and first_index != i:
            item, first = node.items[i], node.items[first_index]
            same_as = f' (the same as "{shorten(first.text)}")' if first.text != item.text else ""
            text = f'{subject} has "{shorten(item.text) or "this value"}" twice{same_as}.'
            with reading.gather():
                raise Mistake(item.place, text)
    return GridDimension((name,), tuple((value,) for value in values))


def _sampled(parts: FileParts) -> tuple[str, ...]:
    """The axes that a sample draws from; () without one."""
    node = parts.settings.get("sample")
    return () if node is None or node.is_null else tuple(name for name in parts.axes if not is_crossed(name))


def _sample(reading: Reading, names: tuple[str, ...]) -> None:
    """Add the dimension of the sampled axes, after the others.  Errors: Mistake."""
    node = reading.parts.settings["sample"]
    section = settings()["sample"].parse(node)
    if section is None:
        return
    axes: dict[str, sampling.SampledAxis] = {}
    for name in names:
        with reading.gather():
            axis_node = reading.parts.axes[name]
            values = span(axis_node, parameters()[name])
            if values is not None:
                reading.places[name] = [axis_node.place]
            axes[name] = values or sampling.Listed(tuple(value for (value,) in _axis(reading, name, axis_node).entries))
    explicit = reading.parts.settings.get("points")
    if explicit is not None and not explicit.is_null:
        raise Mistake(explicit.place, "points: a sample has none beside it; drop one of both.")
    if not names:
        text = "sample: there is no axis to draw from; those of the strategy are crossed in full, whatever is sampled."
        raise Mistake(node.place, text)
    if len(axes) < len(names):
        return  # their mistakes are kept
    if sampling.cells(axes) <= section["points"]:
        text = f'{section["method"]} "{section["points"]:,}" is not below {sampling.cells(axes):,}, the points that'
        raise Mistake(node.place, f"sample: {text} {', '.join(names)} make in full: leave sample out.")
    dimension, places = sampling.dimension(section, axes)
    reading.dimensions.append(dimension)
    for name, indices in zip(names, places, strict=True):
        reading.places[name] = [reading.places[name][index] for index in indices]
    reading.sample = {**section, "axes": list(names)}


def _zip(reading: Reading, entry: Node, taken: dict[str, Place]) -> GridDimension:
    pairs = parameter_nodes(entry, "a zip", "the zip parameter")
    if not set(pairs) - {LABEL}:
        raise Mistake(entry.place, "a zip needs a parameter besides its label.")
    columns: dict[str, list[Any]] = {}
    for name, node in pairs.items():
        place = entry.keys[name]
        for described, names_there in (
            ("an axis", reading.parts.axes),
            ("a fixed value", reading.parts.fixed),
            ("in another zip", taken),
        ):
            if name in names_there:
                raise Mistake(place, f'"{name}" is in this zip and also {described}: drop one.')
        columns[name] = _values(reading, name, node, f"the zip of {name}")
    taken.update({name: entry.keys[name] for name in pairs})
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        lengths_text = ", ".join(f'"{name}" has {length}' for name, length in lengths.items())
        raise Mistake(entry.place, f"the lists of a zip are equally long, but {lengths_text}.")
    entries = tuple(zip(*columns.values(), strict=True))
    first: dict[Hashable, int] = {}
    for i, row in enumerate(entries):
        without_label = hashable([value for name, value in zip(columns, row, strict=True) if name != LABEL])
        if first.setdefault(without_label, i) != i:
            name = next(name for name in columns if name != LABEL)
            raise Mistake(
                reading.places[name][i], f"entry {i + 1} of the zip is the same as entry {first[without_label] + 1}."
            )
    return GridDimension(tuple(columns), entries)


def _point(reading: Reading, node: Node) -> None:
    pairs = parameter_nodes(node, "a point")
    reading.points.append({name: _value(reading, name, value) for name, value in pairs.items()})
    reading.point_places.append({"": node.place, **{name: value.place for name, value in pairs.items()}})
