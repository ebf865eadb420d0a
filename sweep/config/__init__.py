# SPDX-License-Identifier: MIT
"""Sweep files: read, checked, resolved into a self-contained document, and from there into scenarios.

`yamltree` reads YAML as nodes that know their places; `quantities`, `distributions`, `traffic` and `sections` are
pydantic models of the sections, `claims`, `objectives` and `precision` check those parts (`comparisons`: which points
are compared), and `validation` turns nodes into canonical values and pydantic's errors into mistakes with places;
`parameters` is the table of all parameters, `short_forms` expands lists, `sample` and `sampling` draw points from the
axes in place of a grid, `library` finds mixes, hosts and NICs, `shipped` sweep files by name, `overrides` is `--set`,
`reading` gathers values and mistakes, `document` puts the document together, `sweep` makes scenarios of it, of
`scenario_parts` and with `columns` for its constraints, `windows` turns times into packets, `scenarios` has them all as
columns, `check` refuses impossible combinations, `editor` is the JSON Schema.
"""

from sweep.config.points.comparisons import baseline_points, compared
from sweep.config.points.scenarios import Scenarios

from .document import load
from .editor import json_schema
from .library import names
from .objectives import Objective, objectives
from .precision import Precision, Target
from .sweep import Axis, Sweep, from_document

__all__ = [
    "Axis",
    "Objective",
    "Precision",
    "Scenarios",
    "Sweep",
    "Target",
    "baseline_points",
    "compared",
    "from_document",
    "json_schema",
    "load",
    "names",
    "objectives",
]
