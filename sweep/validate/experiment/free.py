# SPDX-License-Identifier: MIT
"""The free parameters of an experiment file: fitted, assumed, or solved in another file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from sweep.config.parameters import Parameter, parameters
from sweep.errors import SweepError
from sweep.storage.home import expanded
from sweep.yamltree.source import Mistake, Node, shorten, unknown

from .experiment import Free
from .forms import FreeForm, formed
from .references import References, rows_of
from .rows import entries

Gather = Callable[[], AbstractContextManager[None]]


def free_parameters(tree: Mapping[str, Node], known: References, folder: Path, gather: Gather) -> list[Free]:
    """The list `free:`.  `folder`: other files are relative to it.  Errors: Mistake; those of entries are gathered."""
    free_found: list[Free] = []
    for node in entries(tree, "free"):
        with gather():
            free_found.append(_free(node, known, folder))
    return free_found


def used_once(free: Sequence[Free], known: References) -> None:
    """Check that no parameter is free twice for a row, and that every calibration row is used.  Errors: Mistake."""
    first_use: dict[tuple[str, int], Free] = {}
    for parameter in free:
        for row in parameter.rows:
            other = first_use.setdefault((parameter.parameter, row), parameter)
            if other is not parameter:
                name = known.rows[row].id
                text = f'"{parameter.parameter}" is free twice for the row "{name}"; first at {other.place}.'
                raise Mistake(parameter.place, text)
            if parameter.parameter in known.rows[row].settings:
                text = f'"{parameter.parameter}" is free for the row "{known.rows[row].id}", which sets it: drop one.'
                raise Mistake(parameter.place, text)
    fitted = {row for parameter in free for row in parameter.fitted_on}
    for index, experiment_row in enumerate(known.rows):
        if experiment_row.is_calibration and index not in fitted:
            raise Mistake(
                experiment_row.place, f'the calibration row "{experiment_row.id}" is fitted on by no free parameter.'
            )


def _free(node: Node, known: References, folder: Path) -> Free:
    form = formed(FreeForm, node)
    pairs = node.mapping("a free parameter")
    place = pairs["parameter"].place
    if form.parameter not in parameters():
        raise unknown(place, "the parameter", form.parameter, tuple(parameters()), see="sweep schema")
    parameter = parameters()[form.parameter]
    scope = pairs["for"].sequence("for") if "for" in pairs else None
    rows = tuple(range(len(known.rows))) if scope is None else known.indices(scope, "for")
    if form.from_:
        try:
            origin = folder / expanded(Path(form.from_))
        except SweepError as error:
            raise Mistake(pairs["from"].place, f"from {error}") from error
        if not origin.is_file():
            raise Mistake(pairs["from"].place, f'from "{shorten(form.from_)}" is no file.')
        return Free(form.parameter, place, form.why, rows, None, None, origin=origin, origin_row=form.of or "")
    if form.value is not None:
        value = parameter.parse(pairs["value"])
        low, high = (parameter.parse(each, "range") for each in pairs["range"].sequence("range"))
        if isinstance(value, int) and not min(low, high) <= value <= max(low, high):
            raise Mistake(pairs["value"].place, f'value "{form.value}" is outside its range.')
        return Free(form.parameter, place, form.why, rows, value, value, (pairs["value"], pairs["value"]))
    (low, first), (high, last) = _bounds(parameter, pairs["between"])
    fitted_on = tuple(
        row for each in pairs["fitted_on"].sequence("fitted_on") for row in _calibration(each, known, rows)
    )
    return Free(form.parameter, place, form.why, rows, low, high, (first, last), fitted_on)


def _calibration(node: Node, known: References, scope: Sequence[int]) -> Sequence[int]:
    """The rows of one entry of `fitted_on`.  Errors: Mistake, if one is predicted or out of scope."""
    row_indices = rows_of(known.find(node, "fitted_on"))
    for row in row_indices:
        name = known.rows[row].id
        if not known.rows[row].is_calibration:
            text = f'fitted_on: "{name}" is predicted: a row is fitted on or predicted, never both.'
            calibration = tuple(each.id for each in known.rows if each.is_calibration)
            raise Mistake(node.place, text, known=calibration, heading="calibration rows")
        if row not in scope:
            raise Mistake(node.place, f'fitted_on: "{name}" is not among the rows of "for".')
    return row_indices


def _bounds(parameter: Parameter, node: Node) -> list[tuple[int, Node]]:
    """The two ends of a range of whole numbers, in order, each with its node.  Errors: Mistake."""
    if parameter.quantity is None:
        raise Mistake(node.place, f'"{parameter.name}" is not a number, so it cannot be fitted.')
    ends: list[tuple[int, Node]] = []
    for each in node.sequence("between"):
        value = parameter.parse(each, "between")
        if not isinstance(value, int):
            raise Mistake(each.place, f'between "{shorten(each.text)}" is not a number.')
        ends.append((value, each))
    ends.sort(key=lambda end: end[0])  # a rate is kept as a time per packet, so the larger rate is the smaller number
    if ends[0][0] == ends[1][0]:
        raise Mistake(node.place, f'between "{node.written()}" leaves nothing to fit.')
    return ends
