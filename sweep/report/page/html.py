# SPDX-License-Identifier: MIT
"""A document as one offline HTML file, which loads nothing and is not allowed to.

The page's content security policy forbids every request, and every script except its own, named by their digests.
Texts are escaped by the template; data is base64 (`packing`), so no text of a sweep stands inside a script.  Without
scripts everything can be read, with static pictures; scripts sort, filter and, if the page carries points, draw the
charts that the reader chooses.

A page stays below 3 MB: if not all tables and pictures have room, the largest are left out, with a note of how many;
the tables of the first section and the maps are kept first.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sweep.document.blocks import Cell, Chart, Document, Table
from sweep.document.drawing import svg

from . import live, packing

MOST_BYTES = 2_700_000  # of a page, but for its sentences
TABLES_BYTES = 800_000  # of these at most; pictures have what is left
NOT_DRAWN = '<p class="left">This picture could not be drawn; the tables say the same.</p>'
VALUE_BYTES, CELL_BYTES, MAP_BYTES = 200, 35, 30  # estimates: per drawn value, per cell without its text, per colour


def render(document: Document, points: str = "") -> str:
    """The page as HTML.  `points` are the packed points of its sweep, see `points.carried`; "" for none."""
    environment = Environment(
        loader=PackageLoader("sweep.report.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = [_own("page.js"), *([_own("charts.js")] if points else [])]
    libraries = live.libraries() if points else ""
    packed_libraries = packing.text(libraries.encode()) if libraries else ""
    blocks = [block for section in document.sections for block in section.blocks]
    picture_bytes = MOST_BYTES - TABLES_BYTES - len(points) - len(packed_libraries)
    always_kept = [*document.sections[0].blocks, *(block for block in blocks if isinstance(block, Table) and block.map)]
    kept = _fitting([block for block in blocks if isinstance(block, Table)], _table_bytes, TABLES_BYTES, always_kept)
    kept |= _fitting([block for block in blocks if isinstance(block, Chart)], _picture_bytes, picture_bytes)
    environment.tests["kept"] = lambda block: not isinstance(block, Table | Chart) or id(block) in kept
    environment.globals.update(
        draw=_drawn,
        kind=lambda block: type(block).__name__,
        marks=_marks,
        style=Markup(_own("page.css")),
        scripts=[Markup(script) for script in scripts],
        policy=_policy([*scripts, *([libraries] if libraries else [])]),
        points=Markup(points),
        libraries=Markup(packed_libraries),
        licences=Markup(_own("licences.txt") if libraries else ""),
    )
    return environment.get_template("page.html.j2").render(document=document)


def _drawn(chart: Chart) -> Markup:
    return Markup(svg(chart) or NOT_DRAWN)


def _fitting(blocks: list[Any], size: Callable[[Any], int], room: int, first: Sequence[Any] = ()) -> set[int]:
    """The ids of the blocks that there is room for: those of `first`, then the smallest.

    The largest are dropped first: most of what they say stands elsewhere too.
    """
    places = {id(block): place for place, block in enumerate(first)}
    kept = set()
    for block in sorted(blocks, key=lambda block: (places.get(id(block), len(places)), size(block))):
        if size(block) <= room:
            kept.add(id(block))
            room -= size(block)
    return kept


def _picture_bytes(chart: Chart) -> int:
    """Estimated size of a chart's picture in bytes, without drawing it."""
    return VALUE_BYTES * _values(chart.spec)


def _values(spec: Any) -> int:
    """Number of values in all data of a specification."""
    if isinstance(spec, list):
        return sum(_values(part) for part in spec)
    if not isinstance(spec, dict):
        return 0
    values = spec["data"]["values"] if "data" in spec else ()
    return len(values) + sum(_values(part) for name, part in spec.items() if name != "data")


def _table_bytes(table: Table) -> int:
    cells = (cell for row in (*table.rows, *table.foot) for cell in row)
    return sum(CELL_BYTES + len(cell.text) + len(cell.detail) + MAP_BYTES * bool(cell.color) for cell in cells)


def _marks(cell: Cell, table: Table) -> str:
    notes = table.footnotes()
    return ",".join(str(notes.index(note) + 1) for note in cell.notes)


@cache
def _own(name: str) -> str:
    return files("sweep.report.page").joinpath(name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    """The content security policy: nothing is loaded, and only these scripts run."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
