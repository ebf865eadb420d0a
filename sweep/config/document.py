# SPDX-License-Identifier: MIT
"""From a sweep file to its document: every key known, every value canonical, every name resolved."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sweep.errors import ConfigError
from sweep.grid import MOST_POINTS, Expression, ExpressionError, Layout

from . import sections
from .check import check
from .kinds import Whole, Word
from .library import Library
from .overrides import Parts, apply, take_apart
from .parameters import REQUIRED, knobs_of, parameters
from .reading import Reading, read_values
from .source import Mistake, Node, Place, read, shorten, unknown
from .sweep import FORMAT, DocumentError, Sweep, constrain, from_document
from .traffic import fields

MOST_SHOWN = 10  # mistakes
REPLICATES = Whole(1, 1_000_000)
SEED = Whole(0, 2**63 - 1)

T = TypeVar("T")


def load(path: str | Path, sets: Sequence[str] = (), folders: Sequence[Path] = ()) -> Sweep:
    """Read a sweep file and whatever it names.

    sets: overrides, `key=value`; folders: where else traffic/, hosts/ and nics/ are looked for.
    Errors: ConfigError, whose message has every mistake with its place.
    """
    path = Path(path)
    try:
        root = read(path)
        parts = take_apart(root)
        library = Library(parts.named, path.parent, folders)
        for text in sets:
            apply(parts, text, library.find)
        reading = read_values(parts)
        document = _document(reading, library, root.place, path.stem)
        if reading.mistakes:
            raise _error(reading, document)
        document = json.loads(json.dumps(document))
        sweep = _build(document, parts)
        check(sweep, reading, root.place)
    except Mistake as mistake:
        raise mistake.error() from None
    return sweep


def _build(document: dict[str, Any], parts: Parts) -> Sweep:
    try:
        return from_document(document)
    except DocumentError as error:
        node = parts.settings["where"]
        place = node.items[error.index].place if node.items is not None else node.place
        raise Mistake(place, str(error), known=error.known) from None


def _document(reading: Reading, library: Library, top: Place, stem: str) -> dict[str, Any]:
    """The document; incomplete if the reading has mistakes."""
    _complete(reading, top)
    _not_too_many(reading, top)
    no_claims: list[dict[str, str]] = []
    no_constraints: list[str] = []
    return {
        "format": FORMAT,
        "name": _setting(reading, "name", Word().parse, stem),
        "replicates": _setting(reading, "replicates", REPLICATES.parse, 1),
        "seed": _setting(reading, "seed", SEED.parse, 0),
        "baseline": _setting(reading, "baseline", _baseline, _first_strategy(reading)),
        "claims": _setting(reading, "claims", _claims, no_claims),
        "where": _setting(reading, "where", _where, no_constraints),
        "fixed": reading.fixed,
        "grid": [dimension._asdict() for dimension in reading.dimensions],
        "points": reading.points,
        "traffic": _named(reading, library, "traffic", sections.mix, top),
        "nics": _named(reading, library, "nic", sections.nic, top),
        "hosts": _named(reading, library, "host", sections.host, top),
    }


def _setting(reading: Reading, key: str, parse: Callable[[Node, str], T], default: T) -> T:
    if key in reading.parts.settings:
        with reading.gather():
            return parse(reading.parts.settings[key], key)
    return default


def _first_strategy(reading: Reading) -> dict[str, Any]:
    strategies = reading.uses("strategy")
    return {"strategy": strategies[0][0]} if strategies else {}


def _complete(reading: Reading, top: Place) -> None:
    """Every point has a value of every parameter without default."""
    needed = [p.name for p in parameters().values() if p.default is REQUIRED and "." not in p.name]
    given = {*reading.parts.fixed, *reading.parts.axes}
    varied = {name for dimension in reading.dimensions for name in dimension.names}
    zipped = reading.parts.settings.get("zip")
    broken = {name for entry in (zipped.items if zipped else None) or () for name in entry.pairs or ()}
    if reading.dimensions or not reading.points:
        for name in needed:
            if name not in given | varied | broken:
                message = f'lacks "{name}": give it a value, or a list under "axes:".'
                reading.mistakes.append(Mistake(top, message, see="sweep schema"))
    for point, places in zip(reading.points, reading.point_places, strict=True):
        for name in needed:
            if name not in point and name not in reading.fixed:
                reading.mistakes.append(Mistake(places[""], f'this point lacks "{name}".'))
        strategy = point.get("strategy", reading.fixed.get("strategy", ""))
        for name in point:
            if name.startswith("strategy.") and name not in knobs_of(strategy):
                known = tuple(sorted(knobs_of(strategy)))
                reading.mistakes.append(Mistake(places[name], f'{strategy} has no "{name}".', known=known))


def _not_too_many(reading: Reading, top: Place) -> None:
    sizes = [len(dimension.entries) for dimension in reading.dimensions]
    if math.prod(sizes) > MOST_POINTS:
        place = next((place for key, place in reading.parts.keys.items() if key.startswith("axes.")), top)
        shape = " × ".join(f"{size:,}" for size in sizes)
        raise Mistake(place, f'the axes make "{shape} = {math.prod(sizes):,}" points; {MOST_POINTS:,} is the most.')


def _named(
    reading: Reading, library: Library, kind: str, parse: Callable[[Node, str], dict[str, Any]], top: Place
) -> dict[str, Any]:
    """The mixes, NICs or hosts that points use.  Those of the file that no point uses are read all the same."""
    wanted = {name: place or top for name, place in reversed(reading.uses(kind))}
    found = {}
    for name in dict.fromkeys([*reversed(wanted), *library.own[kind]]):
        try:
            section = parse(library.find(kind, name, wanted.get(name, top)), name)
            if name in wanted:
                found[name] = section
        except Mistake as mistake:
            mistake.uses = (kind, name)
            reading.mistakes.append(mistake)
    return found


def _baseline(node: Node, what: str) -> dict[str, Any]:
    """What others are compared with, as a person would write it; whether it occurs is checked later."""
    pairs = node.mapping(what)
    if "strategy" not in pairs:
        raise Mistake(node.place, 'baseline lacks "strategy".')
    for name in pairs:
        if name not in parameters():
            raise unknown(node.keys[name], "baseline: the parameter", name, tuple(parameters()))
    kinds = {name: parameters()[name].kind for name in pairs}
    return {name: kinds[name].shown(kinds[name].parse(value, f"{what}: {name}")) for name, value in pairs.items()}


def _where(node: Node, what: str) -> list[str]:
    """One constraint or a list of them."""
    texts = []
    for item in [] if node.is_null else node.items if node.items is not None else [node]:
        text = item.scalar(what)
        try:
            Expression(text)
        except ExpressionError as error:
            raise Mistake(item.place, f'{what} "{shorten(text)}" {error}.', known=error.known) from None
        texts.append(text)
    return texts


def _claims(node: Node, what: str) -> list[dict[str, str]]:
    """A list of {name, that}; what a claim says is judged by the report."""
    claims = []
    for item in [] if node.is_null else node.sequence(what):
        pairs = fields(item, "a claim", ("name", "that"))
        claims.append({key: pairs[key].scalar(f"a claim: {key}") for key in ("name", "that")})
    return claims


def _error(reading: Reading, document: dict[str, Any]) -> ConfigError:
    """All mistakes, each with its count of points where the grid can be laid out."""
    layout = None
    with suppress(Exception):  # a half-read grid may be impossible; then there are no counts, or those of all cells
        layout = Layout(reading.dimensions, reading.points, reading.fixed, lambda name: knobs_of(str(name)))
        constrain(layout, document)
    mistakes = sorted(
        reading.mistakes, key=lambda mistake: (mistake.place.source, mistake.place.line, mistake.place.column)
    )
    texts = [mistake.text(_count(layout, mistake.uses)) for mistake in mistakes[:MOST_SHOWN]]
    if len(mistakes) > MOST_SHOWN:
        texts.append(f"and {len(mistakes) - MOST_SHOWN:,} more mistakes")
    return ConfigError("\n".join(texts))


def _count(layout: Layout | None, uses: tuple[str, object] | None) -> str:
    if layout is None or uses is None or not len(layout):
        return ""
    values, codes = layout.codes(uses[0])
    count = int(np.isin(codes, [i for i, value in enumerate(values) if value == uses[1]]).sum())
    return f"{count:,} of {len(layout):,} points use it." if count else ""
