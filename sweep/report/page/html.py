# SPDX-License-Identifier: MIT
"""A document as one offline HTML file, which loads nothing and is not allowed to.

The page's content security policy forbids every request, and every script except its own, named by their digests.
Texts are escaped by the template; data is base64 (`packing`), so no text of a sweep stands inside a script.  Without
scripts all tables, maps and verdicts can be read; scripts sort and filter.  A page that carries points carries the
drawing libraries too: its scripts draw the charts that the reader chooses, and the pictures of the document when they
come into sight or are printed.  Any other page has its pictures drawn already.

A page stays below 3 MB: if not all tables and pictures have room, the largest are left out, with a note of how many;
the tables of the first section and the maps are kept first.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sweep.document.blocks import Cell, Chart, Document, Table
from sweep.document.drawing import svg
from sweep.report.charts.deciding import ANSWER
from sweep.safe_text import chart_text, visible_values

from . import live, packing

SCRIPTS_OF_POINTS = ("exports.js", "charts.js", "answers.js", "start.js")  # in the order in which they run
MOST_BYTES = 2_600_000  # of a page, but for its sentences
TABLES_BYTES = 800_000  # of these at most; pictures have what is left
NOT_DRAWN = '<p class="left">This picture could not be drawn; the tables say the same.</p>'
VALUE_BYTES, PACKED_BYTES = 200, 30  # estimates for a picture: per value that is drawn, and per value that is packed
CELL_BYTES, MAP_BYTES = 35, 30  # estimates for a table: per cell without its text, and per colour


def render(document: Document, points: str = "") -> str:
    """The page as HTML.  `points` are the packed points of its sweep, see `points.carried`; "" for none."""
    environment = Environment(
        loader=PackageLoader("sweep.report.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = [_own(name) for name in ("page.js", *(SCRIPTS_OF_POINTS if points else ()))]
    libraries = live.libraries() if points else None
    packed_libraries = libraries.packed if libraries else ""
    blocks = [block for section in document.sections for block in section.blocks]
    room = MOST_BYTES - len(points) - len(packed_libraries)
    answers = [block for section in document.sections if section.answer for block in section.blocks]
    first = answers or document.sections[0].blocks
    always_kept = [*first, *(block for block in blocks if isinstance(block, Table) and block.map)]
    tables = [block for block in blocks if isinstance(block, Table)]
    kept = _fitting(tables, _table_bytes, min(TABLES_BYTES, room), always_kept)
    value_bytes = PACKED_BYTES if points else VALUE_BYTES
    charts = document.charts()
    kept |= _fitting(charts, lambda chart: value_bytes * _values(chart.spec), max(room - TABLES_BYTES, 0), answers)
    shown = [chart for chart in charts if id(chart) in kept and chart.live != ANSWER]
    environment.tests["kept"] = lambda block: not isinstance(block, Table | Chart) or id(block) in kept
    environment.globals.update(
        draw=_drawn,
        number=lambda chart: next(number for number, each in enumerate(shown) if each is chart),
        groups=[(view, list(own)) for view, own in groupby(document.sections, attrgetter("view"))],
        kind=lambda block: type(block).__name__,
        marks=_marks,
        style=Markup(_own("page.css")),
        scripts=[Markup(script) for script in scripts],
        policy=_policy([*map(_digest, scripts), *([libraries.digest] if libraries else [])]),
        points=Markup(points),
        pictures=Markup(_packed_pictures(shown) if points else ""),
        libraries=Markup(packed_libraries),
        licences=Markup(_own("licences.txt") if libraries else ""),
    )
    return environment.get_template("page.html.j2").render(document=document)


def _drawn(chart: Chart) -> Markup:
    return Markup(svg(chart) or NOT_DRAWN)


def _packed_pictures(charts: Sequence[Chart]) -> str:
    """Descriptions and specifications of the pictures that the page draws, packed."""
    pictures = [{"description": chart.description, "spec": visible_values(chart.spec, chart_text)} for chart in charts]
    return packing.text(json.dumps(pictures, separators=(",", ":")).encode())


def _fitting(blocks: list[Any], size: Callable[[Any], int], room: int, first: Sequence[Any] = ()) -> set[int]:
    """The ids of the blocks that there is room for: those of `first`, then the smallest.

    The largest are dropped first: most of what they say stands elsewhere too.
    """
    places = {id(block): place for place, block in enumerate(first)}
    kept = set()
    for block in sorted(blocks, key=lambda block: (places.get(id(block), len(first)), size(block))):
        if size(block) <= room:
            kept.add(id(block))
            room -= size(block)
    return kept


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


def _digest(script: str) -> str:
    """The SHA-256 digest of a script, as the policy names it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _policy(digests: Sequence[str]) -> str:
    """The content security policy: nothing is loaded, and only the scripts with these digests run."""
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    own = "style-src 'unsafe-inline'; img-src blob:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {own}"
