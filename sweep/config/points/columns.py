# SPDX-License-Identifier: MIT
"""Parameters as columns over the points, for the expressions of `where:`; only those that are named are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sweep.config.parameters import knob_parameters, parameters
from sweep.expression import Column, Expression
from sweep.grid import LABEL, Codes, Layout
from sweep.model.strategies import NAMES, strategy

from . import windows

SECTIONS = {"traffic": "traffic", "nic": "nics", "host": "hosts"}


def narrowed(layout: Layout, names: Iterable[str]) -> tuple[Layout, Codes]:
    """One point for each combination of what decides the parameters `names`, and which of them each point is like.

    An expression of those parameters is the same at points that are alike; a million points are few combinations.
    """
    needed: set[str] = set()
    pending = [name for name in names if name in parameters()]
    while pending:
        name = pending.pop()
        if name in needed:
            continue
        needed.add(name)
        pending.append("strategy" if name == LABEL else name.partition(".")[0])
        if name in windows.Window._fields and windows.is_in_time(layout):
            pending += windows.decisive(layout)
        if name in knob_parameters():
            defaults = [
                knob.default for each in NAMES for knob in strategy(each).KNOBS if name == f"strategy.{knob.name}"
            ]
            formulas = [text for text in (*layout.codes(name)[0], *defaults) if isinstance(text, str)]
            pending += [word for text in formulas for word in Expression(text).names() if word in parameters()]
    first, codes = layout.distinct(needed)
    order = np.argsort(first, kind="stable")
    return layout.at(first[order]), np.argsort(order, kind="stable")[codes]


class ColumnSource:
    """Gives an `Expression` its columns: every parameter of the table, None for any other word.

    A knob that a point's strategy does not have, and a label that a point does not have, are not known there.
    """

    def __init__(self, layout: Layout, document: dict[str, Any]) -> None:
        self.layout = layout
        self.document = document
        self.made: dict[str, Column] = {}

    def __call__(self, name: str) -> Column | None:
        if name not in parameters():
            return None
        if name not in self.made:
            if name.startswith("strategy."):
                self.made[name] = self._knob(name)
            elif name in windows.Window._fields and windows.is_in_time(self.layout):
                self.made[name] = self._window(name)
            elif "." in name:
                self.made[name] = self._inner(name)
            else:
                self.made[name] = self._column(name, *self.layout.codes(name))
        return self.made[name]

    def _column(self, name: str, values: list[Any], codes: Any) -> Column:
        parameter, known = parameters()[name], codes >= 0
        if parameter.quantity:
            numbers = [parameter.quantity.number(value) for value in values]
            return Column(np.array([*numbers, np.nan], np.float64)[codes], known, parameter.quantity.literal())
        shown = [str(parameter.shown(value)) for value in values]
        choices = NAMES if name == "strategy" else tuple(dict.fromkeys([*self.document.get(name, ()), *shown]))
        aliases = self.document.get("releases", {}) if name == "kernel" else {}
        return Column(np.array([*shown, ""], object)[codes], known, None, choices, aliases=aliases)

    def _window(self, name: str) -> Column:
        """The packets of each point, in all or before its measured window."""
        found, codes = windows.columns(self.layout, self.document)
        numbers = np.array([getattr(window, name) for window in found], np.float64)
        return Column(numbers[codes], np.ones(len(self.layout), np.bool_))

    def _inner(self, name: str) -> Column:
        """A parameter of the point's mix, NIC or host, or what the point says otherwise."""
        part, _, key = name.partition(".")
        values, codes = self.layout.codes(name)
        sections, section_codes = self.layout.codes(part)
        section = self.document[SECTIONS[part]]
        inner = [section[named].get("values", section[named])[key] for named in sections]
        return self._column(name, [*values, *inner], np.where(codes >= 0, codes, len(values) + section_codes))

    def _knob(self, name: str) -> Column:
        """A knob: as given (a number or a formula) or its strategy's default."""
        points = len(self.layout)
        numbers = np.full(points, np.nan)
        strategies, strategy_codes = self.layout.codes("strategy")
        values, codes = self.layout.codes(name)
        for s, named in enumerate(strategies):
            knob = next((knob for knob in strategy(named).KNOBS if f"strategy.{knob.name}" == name), None)
            if knob is None:
                continue
            for code, value in [*enumerate(values), (-1, knob.default)]:
                here = (strategy_codes == s) & (codes == code)
                numbers[here] = self._numbers(value, points)[here]
        return Column(numbers, ~np.isnan(numbers))

    def _numbers(self, value: int | str, points: int) -> Any:
        if isinstance(value, int):
            return np.full(points, float(value))
        return Expression(value).numbers(self, points).values
