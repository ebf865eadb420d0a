# SPDX-License-Identifier: MIT
"""Parameters as columns over the points, for conditions; only those that are named are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sweep.closest_choice import release_order
from sweep.conditions import Column, names, numbers, parse
from sweep.config.parameters import knob_parameters, parameters
from sweep.fields.kernel import OFF, ON
from sweep.grid import LABEL, Codes, Layout
from sweep.model import strategies
from sweep.model.kernel.releases import known_release, rules_of, usual
from sweep.model.strategies import strategy

from . import windows

SECTIONS = {"traffic": "traffic", "nic": "nics", "host": "hosts"}


def representative_points(layout: Layout, words: Iterable[str]) -> tuple[Layout, Codes]:
    """One point for each combination of what decides the parameters in `words`, and which of them each point is like.

    An expression of those parameters is the same at points that are alike; a million points are few combinations.
    """
    needed: set[str] = set()
    pending = [word for word in words if word in parameters()]
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
                knob.default
                for strategy_name in strategies.names()
                for knob in strategy(strategy_name).KNOBS
                if name == f"strategy.{knob.name}"
            ]
            formulas = [text for text in (*layout.codes(name)[0], *defaults) if isinstance(text, str)]
            pending += [word for text in formulas for word in names(parse(text)) if word in parameters()]
    first, codes = layout.distinct(needed)
    order = np.argsort(first, kind="stable")
    return layout.at(first[order]), np.argsort(order, kind="stable")[codes]


class ColumnSource:
    """Gives a condition its columns: every parameter by its name; None for any other word.

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
            quantity = parameter.quantity
            found = np.array([*map(quantity.number, values), np.nan], np.float64)[codes]
            return Column(
                found, known, quantity.literal if quantity.dimension.units else None, is_plain=quantity.is_plain
            )
        shown = [str(parameter.shown(value)) for value in values]
        choices = (
            strategies.names() if name == "strategy" else tuple(dict.fromkeys([*self.document.get(name, ()), *shown]))
        )
        texts = np.array([*shown, ""], object)[codes]
        if name != "kernel":
            return Column(texts, known, choices=choices or None)
        return Column(texts, known, choices=choices, standard=usual, rank=release_order)

    def _window(self, name: str) -> Column:
        """Packets of each point, in total (`packets`) or before its measured window (`warmup`)."""
        distinct_windows, codes = windows.columns(self.layout, self.document)
        packets = np.array([getattr(window, name) for window in distinct_windows], np.float64)
        return Column(packets[codes], np.ones(len(self.layout), np.bool_))

    def _inner(self, name: str) -> Column:
        """A parameter of each point's mix, NIC, host or kernel, unless the point overrides it."""
        part, _, key = name.partition(".")
        values, codes = self.layout.codes(name)
        sections, section_codes = self.layout.codes(part)
        if part == "kernel":
            inner: list[Any] = [ON if key in rules_of(known_release(release)) else OFF for release in sections]
        else:
            section = self.document[SECTIONS[part]]
            inner = [section[section_name].get("values", section[section_name])[key] for section_name in sections]
        return self._column(name, [*values, *inner], np.where(codes >= 0, codes, len(values) + section_codes))

    def _knob(self, name: str) -> Column:
        """A knob of each point: as given (a number or a formula) or its strategy's default."""
        points = len(self.layout)
        found = np.full(points, np.nan)
        strategies, strategy_codes = self.layout.codes("strategy")
        values, codes = self.layout.codes(name)
        for strategy_code, strategy_name in enumerate(strategies):
            knob = next((knob for knob in strategy(strategy_name).KNOBS if f"strategy.{knob.name}" == name), None)
            if knob is None:
                continue
            for code, value in [*enumerate(values), (-1, knob.default)]:
                has_value = (strategy_codes == strategy_code) & (codes == code)
                found[has_value] = self._numbers(value, points)[has_value]
        return Column(found, ~np.isnan(found))

    def _numbers(self, value: int | str, points: int) -> Any:
        if isinstance(value, int):
            return np.full(points, float(value))
        return numbers(parse(value), self, points).values
