# SPDX-License-Identifier: MIT
"""The scenarios of all points at once: a column of codes per field of a scenario.

This does for a million points what `Sweep.scenario` does for one: a field is computed once for each combination of the
dimensions that decide it, and the digits of a point say which combination it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np

from sweep import units
from sweep.config.parameters import parameters
from sweep.fields.parameter import TIME
from sweep.grid import LABEL, Coded, Codes, Layout, combined, distinct, first_rows, only_used
from sweep.model.scenario import Scenario

from . import windows

T = TypeVar("T")

FIELDS = tuple(field.name for field in fields(Scenario) if field.name != "replicate")
PARAMETER = {"load_ppm": "load"}  # field -> parameter, where the names differ
HOST_FIELDS = ("costs_ps", "hardware")


def _ns(time_ps: int | None) -> float | None:
    """A time in the unit of its column."""
    return None if time_ps is None else TIME.column_value(time_ps)


class ScenarioSource(Protocol):
    """What a resolved sweep provides for making scenarios."""

    @property
    def layout(self) -> Layout: ...
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def points(self) -> int: ...
    @property
    def seed(self) -> int: ...

    def decisive(self, part: str) -> list[str]:
        """The parameters that decide a part: "host", "traffic", "nic", "rules" or "knobs"."""

    def host(self, point: int) -> tuple[Any, Any]:
        """Costs and hardware of a point."""


class Scenarios:
    """The scenarios of all points of a sweep as columns, which are made on demand and kept."""

    def __init__(self, sweep: ScenarioSource) -> None:
        self._sweep = sweep
        self._made: dict[str, Coded[Any]] = {}

    def __len__(self) -> int:
        return self._sweep.points

    def __getitem__(self, field: str) -> Coded[Any]:
        """A field of the scenario, one of FIELDS.  Errors: DocumentError for an impossible knob."""
        if field not in self._made:
            self._made[field] = self._column(field)
        return self._made[field]

    @property
    def columns(self) -> dict[str, Coded[Any]]:
        """Field -> column, for all of FIELDS."""
        return {field: self[field] for field in FIELDS}

    @cached_property
    def label(self) -> Coded[str | None]:
        """Label of each point's variant; None where the file gives none."""
        values, codes = self._sweep.layout.codes(LABEL)
        shown = [*(str(parameters()[LABEL].shown(value)) for value in values), None]
        return only_used(shown, codes % len(shown))  # -1, for none, is the last

    @cached_property
    def duration_ps(self) -> Coded[int | None]:
        """Length of each point's measured window, ps; None where the file gives it in packets."""
        values, codes = self._sweep.layout.codes(windows.DURATION)
        return only_used([*values, None], codes % (len(values) + 1))  # -1, for none, is the last

    @cached_property
    def warmup_ps(self) -> Coded[int | None]:
        """Length of each point's warm-up, ps; None where the file gives it in packets."""
        values, codes = self._sweep.layout.codes(windows.WARMUP)
        return only_used([units.time_ps(value) if isinstance(value, str) else None for value in values], codes)

    @property
    def said(self) -> dict[str, Coded[Any]]:
        """Columns that come from the sweep file and are no field of a scenario."""
        return {"label": self.label, "duration": self.duration_ps.map(_ns), "warmup_ns": self.warmup_ps.map(_ns)}

    def at(self, point: int, replicate: int = 0) -> Scenario:
        """The scenario of one simulation."""
        return Scenario(**{field: self[field][point] for field in FIELDS}, replicate=replicate)

    def each(self, function: Callable[[Scenario], T], *names: str) -> Coded[T]:
        """`function` of every point's scenario, called once per combination of values of the fields `names`."""
        groups = combined([self[name] for name in names], len(self))
        first = first_rows(groups.codes, len(groups.values))
        return distinct([function(self.at(point)) for point in first.tolist()], groups.codes)

    def outline(self, function: Callable[[Scenario], T], columns: Mapping[str, Coded[Any]]) -> Coded[T]:
        """`function` of every point's scenario, if all fields but `columns` were those of the first point."""
        first_scenario = self.at(0)
        groups = combined(list(columns.values()), len(self))
        results = [
            function(replace(first_scenario, **dict(zip(columns, values, strict=True)))) for values in groups.values
        ]
        return distinct(results, groups.codes)

    def _column(self, field: str) -> Coded[Any]:
        if field == "seed":
            return Coded.constant(self._sweep.seed, len(self))
        if field in HOST_FIELDS:
            return self._part("host", self._sweep.host).map(lambda pair: pair[HOST_FIELDS.index(field)])
        if field in ("traffic", "nic", "knobs", "rules"):
            return self._part(field, getattr(self._sweep, field))
        if field in windows.Window._fields and self._windows is not None:
            distinct_windows, codes = self._windows
            return only_used([getattr(window, field) for window in distinct_windows], codes)
        values, codes = self._sweep.layout.codes(PARAMETER.get(field, field))
        return only_used(values, codes)

    @cached_property
    def _windows(self) -> tuple[list[windows.Window], Codes] | None:
        """The distinct windows and the code of each point; None if the file gives all windows in packets."""
        layout = self._sweep.layout
        return windows.columns(layout, self._sweep.document) if windows.is_in_time(layout) else None

    def _part(self, part: str, build: Callable[[int], T]) -> Coded[T]:
        """`build(point)`, once for all points that agree in the dimensions which decide this part."""
        first, codes = self._sweep.layout.distinct(self._sweep.decisive(part))
        return distinct([build(point) for point in first.tolist()], np.asarray(codes))
