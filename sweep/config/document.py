# SPDX-License-Identifier: MIT
"""From a sweep file to its document: every key known, every value canonical, every name resolved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from sweep import standard_input
from sweep.config.models.sections import SECTIONS
from sweep.config.points.reading import Reading, TooManyMistakesError, read_values
from sweep.config.points.scenario_parts import DocumentError
from sweep.errors import ConfigError
from sweep.grid import Layout
from sweep.storage.home import expanded
from sweep.yamltree.source import SEE, Mistake, Node, Place, combined_error
from sweep.yamltree.tree import read
from sweep.yamltree.validation import parse

from . import own_strategies, precision, room
from .check import check
from .library import Library
from .overrides import FileParts, apply, split_file
from .parameters import knobs_of, parameter_nodes, parameters, settings
from .shipped import located
from .sweep import FORMAT, Sweep, constrain, from_document


def load(path: str | Path, sets: Sequence[str] = (), folders: Sequence[Path] = ()) -> Sweep:
    """Read a sweep file, and the mixes, hosts and NICs that it names.

    path: a file, "-" for standard input, or the name of a sweep file that comes with sweep, such as "smoke";
    sets: overrides, `key=value`; folders: further folders with traffic/, hosts/ and nics/ in them.
    Errors: ConfigError, whose message lists every mistake with its position.
    """
    try:
        path = located(expanded(Path(path)))
        root = read(path)
        own_strategies.load_named(root, sets, path.parent)
        parts = split_file(root)
        library = Library(parts.named, path.parent, folders)
        for text in sets:
            apply(parts, text, library.find)
        own_strategies.rename(parts)
        name = standard_input.NAME if standard_input.is_meant(path) else path.stem
        return resolve(parts, library, root.place, name)
    except Mistake as mistake:
        raise mistake.error() from None


def resolve(parts: FileParts, library: Library, top: Place, name: str) -> Sweep:
    """The sweep of these parts; `top`: the place to report missing things at; `name`: the default name of the sweep.

    Errors: ConfigError with every mistake, or Mistake.
    """
    try:
        reading = read_values(parts)
        document = _document(reading, library, top, name)
    except TooManyMistakesError as error:
        raise combined_error(error.mistakes, more="; there may be others: reading ended with them") from None
    if reading.mistakes:
        raise _error(reading, document)
    document = json.loads(json.dumps(document))
    sweep = _build(document, parts)
    room.check_simulations(sweep, _place_of_axes(reading, top))
    check(sweep, reading, top)
    return sweep


def _build(document: dict[str, Any], parts: FileParts) -> Sweep:
    try:
        return from_document(document)
    except DocumentError as error:
        node = parts.settings["where"]
        place = node.items[error.index].place if node.items is not None else node.place
        raise Mistake(place, str(error), known=error.known) from None


def _document(reading: Reading, library: Library, top: Place, stem: str) -> dict[str, Any]:
    """The document of a sweep; incomplete if the reading has mistakes."""
    _complete(reading, top)
    room.check_axes(reading.dimensions, _place_of_axes(reading, top))
    replicates = _setting(reading, "replicates")
    return {
        "format": FORMAT,
        "name": _setting(reading, "name") or _named_by_file(reading, top, stem),
        "replicates": replicates,
        "seed": _setting(reading, "seed"),
        "baseline": _baseline(reading),
        "claims": _setting(reading, "claims"),
        "objectives": _setting(reading, "objectives"),
        **_precision(reading, replicates),
        "where": _setting(reading, "where"),
        **({"sample": reading.sample} if reading.sample else {}),
        **({"strategies": own} if (own := own_strategies.declared()) else {}),
        "fixed": reading.fixed,
        "grid": [dimension._asdict() for dimension in reading.dimensions],
        "points": reading.points,
        "traffic": _named(reading, library, "traffic", top),
        "nics": _named(reading, library, "nic", top),
        "hosts": _named(reading, library, "host", top),
    }


def _setting(reading: Reading, name: str) -> Any:
    """Canonical value of a setting; its default if it is not given or not valid."""
    setting = settings()[name]
    if name in reading.parts.settings:
        with reading.gather():
            return setting.parse(reading.parts.settings[name])
    return setting.usual()


def _precision(reading: Reading, replicates: int) -> dict[str, Any]:
    """The section `precision`, completed with `most_replicates` and with whether pairs are compared (`paired`)."""
    section = _setting(reading, "precision")
    if section is None:
        return {}
    node = reading.parts.settings["precision"]
    with reading.gather():
        if replicates < precision.FEWEST:
            text = f'precision: replicates is "{replicates}", and one shows nothing of how replicates differ'
            raise Mistake(reading.parts.settings.get("replicates", node).place, f"{text}: 4 are usual.")
        limit = section["most_replicates"]
        if limit is not None and limit < replicates:
            place = node.mapping("precision")["most_replicates"].place
            if reading.parts.settings["replicates"].place.line or not place.line:
                raise Mistake(place, f'precision: most_replicates "{limit}" is below replicates "{replicates}".')
            limit = replicates  # an override takes precedence over the file
        section["most_replicates"] = limit or min(precision.DEFAULT_FACTOR * replicates, precision.MOST_REPLICATES)
    return {"precision": {**section, "paired": "baseline" in reading.parts.settings}}


def _named_by_file(reading: Reading, top: Place, stem: str) -> str:
    """Name of a sweep without `name:`: that of its file, if it is a valid name."""
    with reading.gather():
        settings()["name"].parse(Node(top, stem), 'without a "name:" it is called as its file:')
    return stem


def _baseline(reading: Reading) -> dict[str, Any]:
    """The parameters of the baseline, as a user would write them; whether it is a point is checked later."""
    node = reading.parts.settings.get("baseline")
    if node is None:
        strategies = reading.uses("strategy")
        return {"strategy": strategies[0][0]} if strategies else {}
    values = {}
    with reading.gather():
        pairs = parameter_nodes(node, "baseline", "baseline: the parameter")
        if "strategy" not in pairs:
            raise Mistake(node.place, 'baseline lacks "strategy".')
        for name, value in pairs.items():
            values[name] = parameters()[name].shown(parameters()[name].parse(value, f"baseline: {name}"))
    return values


def _complete(reading: Reading, top: Place) -> None:
    """Note a mistake for every parameter without default that a point lacks, and every knob its strategy lacks."""
    needed = [
        parameter.name for parameter in parameters().values() if parameter.default is ... and "." not in parameter.name
    ]
    given = {*reading.parts.fixed, *reading.parts.axes}
    varying = {name for dimension in reading.dimensions for name in dimension.names}
    zipped = reading.parts.settings.get("zip")
    in_zips = {name for entry in (zipped.items if zipped else None) or () for name in entry.pairs or ()}
    if reading.dimensions or not reading.points:
        for name in needed:
            if name not in given | varying | in_zips:
                message = f'lacks "{name}": give it a value, or a list under "axes:".'
                reading.mistakes.append(Mistake(top, message, see=SEE))
    for point, places in zip(reading.points, reading.point_places, strict=True):
        for name in needed:
            if name not in point and name not in reading.fixed:
                reading.mistakes.append(Mistake(places[""], f'this point lacks "{name}".'))
        strategy = point.get("strategy", reading.fixed.get("strategy", ""))
        for name in point:
            if name.startswith("strategy.") and name not in knobs_of(strategy):
                known = tuple(sorted(knobs_of(strategy)))
                reading.mistakes.append(Mistake(places[name], f'{strategy} has no "{name}".', known=known))


def _place_of_axes(reading: Reading, top: Place) -> Place:
    """Where the axes begin; the top of a file that has none."""
    return next((place for key, place in reading.parts.keys.items() if key.startswith("axes.")), top)


def _named(reading: Reading, library: Library, kind: str, top: Place) -> dict[str, Any]:
    """Canonical mixes, NICs or hosts that points use; those of the file that no point uses are checked too."""
    places_of_uses = {name: place or top for name, place in reversed(reading.uses(kind))}
    sections = {}
    for name in dict.fromkeys([*reversed(places_of_uses), *library.own[kind]]):
        try:
            section = parse(SECTIONS[kind], library.find(kind, name, places_of_uses.get(name, top)), f'{kind} "{name}"')
            if name in places_of_uses:
                sections[name] = section
        except Mistake as mistake:
            reading.note(mistake, (kind, name))
    return sections


def _error(reading: Reading, document: dict[str, Any]) -> ConfigError:
    """The error with all mistakes, each with the number of points it affects if the grid can be laid out."""
    layout = None
    with suppress(Exception):  # a half-read grid may be impossible; then there are no counts, or those of all cells
        layout = Layout(reading.dimensions, reading.points, reading.fixed, lambda name: knobs_of(str(name)))
        constrain(layout, document)
    return combined_error(reading.mistakes, lambda mistake: _count(layout, mistake.uses))


def _count(layout: Layout | None, uses: tuple[str, object] | None) -> str:
    if layout is None or uses is None or not len(layout):
        return ""
    values, codes = layout.codes(uses[0])
    count = int(np.isin(codes, [i for i, value in enumerate(values) if value == uses[1]]).sum())
    return f"{count:,} of {len(layout):,} points use it." if count else ""
