# SPDX-License-Identifier: MIT
"""Read ratios, shapes, identities and unpredicted rows, and check them against the rows."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from sweep.yamltree.source import Mistake, Node, shorten
from sweep.yamltree.validation import validated

from . import identity as identities
from . import shape as shapes
from .experiment import NotPredicted, PublishedIdentity, Ratio, RowSeries, ShapeClaim
from .forms import IdentityForm, NotPredictedForm, Number, RatioForm, ShapeForm, formed
from .references import References, rows_of

NUMBER = TypeAdapter(Number)
Group = tuple[str, tuple[str, ...], tuple[int, ...]]  # where, names, indices of rows


def ratios(node: Node, known: References) -> list[Ratio]:
    """One ratio, or one for each value of a series; those of two calibration rows are left out.  Errors: Mistake."""
    form = formed(RatioForm, node)
    pairs = node.mapping("a ratio")
    of, to = (known.find(pairs[key], f"a ratio: {key}") for key in ("of", "to"))
    if isinstance(of, int) and not isinstance(to, int):
        raise Mistake(pairs["to"].place, f'to "{to.id}" is a series and of "{form.of}" is one row.')
    if isinstance(of, RowSeries) and isinstance(to, RowSeries) and of.values != to.values:
        text = f'the series "{of.id}" and "{to.id}" are not over the same values.'
        raise Mistake(pairs["to"].place, text)
    names = [form.id] if isinstance(of, int) else [f"{form.id} {value}" for value in of.values]
    tops = rows_of(of)
    bottoms = rows_of(to) if isinstance(to, RowSeries) else [to] * len(tops)
    ratios_found = []
    for name, top, bottom in zip(names, tops, bottoms, strict=True):
        rows = known.rows[top], known.rows[bottom]
        if any(not row.measured for row in rows):
            raise Mistake(node.place, f'the ratio "{name}" has a measured zero in it.')
        if rows[0].unit != rows[1].unit:
            raise Mistake(node.place, f'the ratio "{name}" is of "{rows[0].unit}" to "{rows[1].unit}".')
        if not all(row.is_calibration for row in rows):
            ratios_found.append(Ratio(name, form.id, top, bottom, form.within))
    if not ratios_found:
        raise Mistake(node.place, f'the ratio "{form.id}" is of calibration rows: it predicts nothing.')
    return ratios_found


def shape(node: Node, known: References) -> ShapeClaim:
    """A shape, which the measured numbers must have.  Errors: Mistake."""
    form = formed(ShapeForm, node)
    pairs = node.mapping("a shape")
    of = pairs["of"]
    named_rows = [_only(known.find(each, "a shape: of"), pairs.get("at")) for each in (of.items or [of])]
    groups = _groups(named_rows, of, known)
    shape_value = ShapeClaim(form.id, form.that, form.slack, tuple(groups))
    place = pairs["that"].place
    for where, names, rows in groups:
        if missing := [value for value in shapes.peaks(form.that) if value not in names]:
            raise Mistake(place, f'that "{form.that}": "{shorten(missing[0])}" is not among the values.', known=names)
        units = {known.rows[row].unit for row in rows}
        if len(units) > 1:
            raise Mistake(of.place, f'the rows are in "{", ".join(sorted(units))}": a shape has one unit.')
        if all(known.rows[row].is_calibration for row in rows):
            raise Mistake(of.place, f'the shape "{form.id}" is of calibration rows: it predicts nothing.')
        measured = [float(known.rows[row].measured) for row in rows]
        if not shapes.holds(form.that, names, measured, float(form.slack)):
            listed = ", ".join(f"{value:g}" for value in measured)
            raise Mistake(place, f'that "{form.that}": the measured numbers{where} do not: "{listed}".')
    return shape_value


def _only(found: RowSeries | int, at: Node | None) -> RowSeries | int:
    """A series restricted to the values in `at`.  Errors: Mistake."""
    if at is None:
        return found
    if isinstance(found, int):
        raise Mistake(at.place, 'at is for series: a list of rows needs no "at".')
    for each in at.sequence("at"):
        if each.text not in found.values:
            text = f'at "{shorten(each.text)}" is not among the values of "{found.id}".'
            raise Mistake(each.place, text, known=found.values)
    wanted = {each.text for each in at.sequence("at")}
    kept_values = [(value, row) for value, row in zip(found.values, found.rows, strict=True) if value in wanted]
    return RowSeries(found.id, tuple(value for value, _ in kept_values), tuple(row for _, row in kept_values))


def _groups(found: Sequence[RowSeries | int], of: Node, known: References) -> list[Group]:
    """(where, names, rows) of each list of numbers that must have the shape.  Errors: Mistake."""
    if of.items is None or len(found) == 1:
        (single,) = found
        if isinstance(single, int):
            raise Mistake(of.place, "one row has no shape: name a series, or several rows.")
        return [("", single.values, single.rows)]
    rows = [each for each in found if isinstance(each, int)]
    if len(rows) == len(found):
        return [("", tuple(known.rows[row].id for row in rows), tuple(rows))]
    series = [each for each in found if isinstance(each, RowSeries)]
    if rows or any(each.values != series[0].values for each in series):
        raise Mistake(of.place, "a shape is of rows, or of series over the same values.")
    names = tuple(each.id for each in series)
    return [
        (f" at {value}", names, tuple(each.rows[place] for each in series))
        for place, value in enumerate(series[0].values)
    ]


def identity(node: Node) -> PublishedIdentity:
    """An identity whose names are all given.  Errors: Mistake."""
    form = formed(IdentityForm, node)
    place = node.mapping("an identity")["that"].place
    for name in sorted(identities.names(form.that) - set(form.given)):
        raise Mistake(place, f'that "{shorten(form.that)}": "{name}" is not given.', known=tuple(form.given))
    try:
        identities.evaluated(form.that, form.given)
    except ZeroDivisionError:
        raise Mistake(place, f'that "{shorten(form.that)}" divides by zero.') from None
    return PublishedIdentity(form.id, form.given, " ".join(form.that.split()), form.closing)


def not_predicted(node: Node) -> NotPredicted:
    """Published rows without a prediction.  Errors: Mistake."""
    form = formed(NotPredictedForm, node)
    measured = node.mapping("a row that is not predicted")["measured"]
    numbers = measured.items if measured.items is not None else [measured]
    if not numbers:
        raise Mistake(measured.place, 'measured "[]" has no values.')
    return NotPredicted(form.id, tuple(validated(NUMBER, each, "measured") for each in numbers), form.unit, form.why)
