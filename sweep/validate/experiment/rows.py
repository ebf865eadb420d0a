# SPDX-License-Identifier: MIT
"""Rows and series of an experiment file, checked and completed by the file's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from sweep.config.parameters import parameter_nodes, parameters
from sweep.yamltree.source import Mistake, Node, Place, shorten, unknown

from .experiment import PublishedRow, RowSeries
from .forms import NOTHING, OTHER, DefaultsForm, RowForm, RowOrSeriesForm, SeriesForm, formed


class _Own(NamedTuple):
    """The data of a row that differ between the rows of a series."""

    id: str
    place: Place
    number: Place  # of what was measured
    settings: Mapping[str, Node]
    measured: Fraction
    calibration: bool


def row(node: Node, usual: DefaultsForm) -> PublishedRow:
    """A row.  Errors: Mistake."""
    form = formed(RowForm, node)
    if form.calibration and form.within is not None:
        raise Mistake(node.keys["within"], "a calibration row has no rule: it is fitted, not predicted.")
    number = node.mapping("a row")["measured"].place
    own = _Own(form.id, node.place, number, parameters_of(node, "set"), form.measured, form.calibration)
    return _row(form, node.place, usual, own)


def series(node: Node, usual: DefaultsForm, first: int) -> tuple[RowSeries, list[PublishedRow]]:
    """A series and its rows, which are numbered from `first`.  Errors: Mistake."""
    form = formed(SeriesForm, node)
    pairs = node.mapping("a series")
    if form.over not in parameters():
        raise unknown(pairs["over"].place, "over: the parameter", form.over, tuple(parameters()), see="sweep schema")
    _refuse_host({form.over: pairs["over"].place})
    settings = parameters_of(node, "set")
    if form.over in settings:
        raise Mistake(node.keys["over"], f'"{form.over}" is what the series is over and also in its set: drop one.')
    if len(form.at) != len(form.measured):
        text = f'measured has "{len(form.measured)}" values and at has "{len(form.at)}"; they are equally long.'
        raise Mistake(pairs["measured"].place, text)
    for value, at in zip(form.calibration, pairs["calibration"].items or () if form.calibration else (), strict=True):
        if value not in form.at:
            raise Mistake(at.place, f'calibration "{shorten(value)}" is not among the values.', known=tuple(form.at))
    nodes = zip(pairs["at"].items or (), pairs["measured"].items or (), strict=True)
    rows = [
        _row(
            form,
            node.place,
            usual,
            _Own(
                id=f"{form.id} {value}",
                place=number.place,
                number=number.place,
                settings={**settings, form.over: at},
                measured=measured,
                calibration=value in form.calibration,
            ),
        )
        for value, measured, (at, number) in zip(form.at, form.measured, nodes, strict=True)
        if measured is not None
    ]
    if not rows:
        raise Mistake(pairs["measured"].place, f'measured has nothing but "{NOTHING}" in it.')
    values = [value for value, measured in zip(form.at, form.measured, strict=True) if measured is not None]
    return RowSeries(form.id, tuple(values), tuple(range(first, first + len(rows)))), rows


def parameters_of(node: Node, key: str) -> Mapping[str, Node]:
    """The parameters under `key`, none of a host's.  Errors: Mistake."""
    inner = node.mapping(key).get(key)
    if inner is None or inner.is_null:
        return {}
    pairs = parameter_nodes(inner, key)
    _refuse_host(inner.keys)
    return pairs


def _refuse_host(places: Mapping[str, Place]) -> None:
    """Check that no cost of the host is set: it belongs into the profile, or under "free:".  Errors: Mistake."""
    for name, place in places.items():
        if name.startswith("host."):
            text = f'"{name}" is a cost of the host: it belongs into the host\'s profile, or under "free:".'
            raise Mistake(place, text)


def _row(form: RowOrSeriesForm, place: Place, usual: DefaultsForm, own: _Own) -> PublishedRow:
    """A row with its own values, else the file's defaults.  `place`: of the form.  Errors: Mistake."""
    given: dict[str, Any] = {key: _either(getattr(form, key), getattr(usual, key)) for key in DefaultsForm.model_fields}
    for key in ("predict", "unit") if own.calibration else ("predict", "unit", "within"):
        if given[key] is None:
            raise Mistake(place, f'{form.called} lacks "{key}", and the file has none for all of them.')
    if own.calibration and own.measured <= 0:
        raise Mistake(own.number, "measured must be above zero in a calibration row: errors are relative.")
    if not own.calibration and not own.measured and given["within"] and not form.resolution:
        text = 'measured "0" has no relative error: give it a "resolution", or "within: 0".'
        raise Mistake(own.number, text)
    return PublishedRow(
        id=own.id,
        place=own.place,
        settings=own.settings,
        measured=own.measured,
        unit=given["unit"],
        predict=given["predict"],
        within=None if own.calibration else given["within"],
        resolution=form.resolution,
        noise=given["noise"],
        strategy=form.strategy or "",
        mechanism=given["mechanism"] or OTHER,
        note=form.note,
    )


def _either(own: object, usual: object) -> object:
    return usual if own is None else own


def entries(tree: Mapping[str, Node], key: str) -> Iterator[Node]:
    """The entries of a list that may be missing.  Errors: Mistake."""
    if key in tree and not tree[key].is_null:
        yield from tree[key].sequence(key)
