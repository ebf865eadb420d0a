# SPDX-License-Identifier: MIT
"""A Vega-Lite specification as a small piece of inline SVG: no script, no font, no address in it.

The `description` of a mark becomes its <title>, which browsers show on hover and screen readers speak; a chart that
scripts replace by one with tooltips has none.  About half of the converter's output is redundant or invisible and is
removed, and runs of straight lines become one path.  The default for text is 10 px in the page's ink.
"""

from __future__ import annotations

import re

from sweep import safe_text
from sweep.safe_text import visible_values

from .blocks import Chart
from .drawing_process import draughtsman

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # names the version to the converter; never in the output
LABELLED = re.compile(r'<(path)((?:(?!aria-label)[^>])*) aria-label="([^"]*)"([^>]*)/>')
NEEDLESS = re.compile(
    r' (?:(?:role|aria-[a-z]+|xmlns(?::xlink)?|version|class|font-family|pointer-events)="[^"]*"'
    r'|opacity="1"|stroke-width="1"|stroke-dasharray="1,0"|font-weight="normal"|[xy]2="0")'
)
TAG = re.compile(r"<[^>]*>")
LONG = re.compile(r"(\d+\.\d\d)\d+")
PLACES = re.compile(r' (?:d|transform)="[^"]*"')
UNSEEN = re.compile(r'<path d="(?:|M0,0h[\d.]+v[\d.]+h-[\d.]+Z)"(?: display="none")?/>|<text[^>]*/>|<g></g>')
LINES = re.compile(
    r'(?:<line transform="translate\([^)]*\)"(?: [xy]2="[^"]*")* stroke="[^"]*"(?: stroke-opacity="[^"]*")?/>)+'
)
LINE = re.compile(r'translate\(([^)]*)\)"((?: [xy]2="[^"]*")*) (stroke=[^/]*)/>')
ROUND = re.compile(
    r'<path transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A\3,\3,0,1,1,-\3,0A\3,\3,0,1,1,\3,0"'
    r"([^>]*?)(/>|>(.*?)</path>)"
)
USUAL = re.compile(r'(<text[^>]*?) font-size="10px"| fill="var\(--ink\)"(?=[^>]*>[^<]*</text>)')


def svg(chart: Chart) -> str | None:
    """The drawing, to be put into a page that defines the CSS colours; None if it cannot be drawn."""
    drawn = draughtsman.draw(visible_values({"$schema": SCHEMA, **chart.spec}, safe_text.chart_text))
    return None if drawn is None else compact(drawn, chart.description, titled=not chart.live)


def compact(drawing: str, description: str, *, titled: bool = True) -> str:
    """Shrink an SVG for inlining: drop needless attributes and fonts, shorten numbers, turn mark labels into titles."""
    if titled:
        drawing = LABELLED.sub(_title, drawing)
    drawing = TAG.sub(lambda tag: LONG.sub(r"\1", NEEDLESS.sub("", tag[0])), drawing)
    drawing = PLACES.sub(lambda match: re.sub(r"(\d\.\d)\d+", r"\1", match[0]), drawing)
    drawing = LINES.sub(_path, UNSEEN.sub("", drawing))
    drawing = ROUND.sub(_circle, drawing)
    drawing = USUAL.sub(r"\1", drawing)
    spoken = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return drawing.replace("<svg", f'<svg role="img" aria-label="{spoken}"', 1)


def _title(found: re.Match[str]) -> str:
    name, attributes_before, label, attributes_after = found.groups()
    if "graphics-symbol" not in attributes_after + attributes_before:
        return found.group(0)
    return f"<{name}{attributes_before}{attributes_after}><title>{label.replace('>', '&gt;')}</title></{name}>"


def _path(found: re.Match[str]) -> str:
    """A run of <line> elements as <path> elements, one per stroke style."""
    moves_of_style: dict[str, list[str]] = {}
    for start, ends, style in LINE.findall(found[0]):
        end = dict(re.findall(r'([xy])2="([^"]*)"', ends))
        moves_of_style.setdefault(style, []).append(f"M{start}l{end.get('x', 0)},{end.get('y', 0)}")
    return "".join(f'<path d="{"".join(moves)}" {style}/>' for style, moves in moves_of_style.items())


def _circle(found: re.Match[str]) -> str:
    x, y, radius, attributes, end, inside = found.groups()
    kept_attributes = attributes.replace(' stroke-width="2"', "") if 'stroke="' not in attributes else attributes
    return f'<circle cx="{x}" cy="{y}" r="{radius}"{kept_attributes}' + ("/>" if end == "/>" else f">{inside}</circle>")
