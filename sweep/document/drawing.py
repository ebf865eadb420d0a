# SPDX-License-Identifier: MIT
"""A Vega-Lite specification as a small piece of inline SVG: no script, no font, no address in it.

What a mark's `description` says becomes its <title>, which browsers show on hover and readers speak; a chart that
scripts draw again, with tooltips, goes without.  Half of a drawing as it comes is said twice or not seen: that is
taken out, and runs of straight lines become one path.  Text that is not said otherwise is 10 px of the page's ink.
"""

from __future__ import annotations

import re

from sweep import foreign
from sweep.foreign import everywhere

from .blocks import Chart
from .draughtsman import draughtsman

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
    drawn = draughtsman.draw(everywhere({"$schema": SCHEMA, **chart.spec}, foreign.drawn))
    return None if drawn is None else compact(drawn, chart.description, titled=not chart.live)


def compact(drawing: str, description: str, *, titled: bool = True) -> str:
    """Strip what a part of a page does not need, its font too, shorten numbers, turn labels of marks into titles."""
    if titled:
        drawing = LABELLED.sub(_title, drawing)
    drawing = TAG.sub(lambda tag: LONG.sub(r"\1", NEEDLESS.sub("", tag[0])), drawing)
    drawing = PLACES.sub(lambda found: re.sub(r"(\d\.\d)\d+", r"\1", found[0]), drawing)
    drawing = LINES.sub(_path, UNSEEN.sub("", drawing))
    drawing = ROUND.sub(_circle, drawing)
    drawing = USUAL.sub(r"\1", drawing)
    spoken = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return drawing.replace("<svg", f'<svg role="img" aria-label="{spoken}"', 1)


def _title(found: re.Match[str]) -> str:
    name, before, label, after = found.groups()
    if "graphics-symbol" not in after + before:
        return found.group(0)
    return f"<{name}{before}{after}><title>{label.replace('>', '&gt;')}</title></{name}>"


def _path(found: re.Match[str]) -> str:
    """Neighbouring lines; those of one stroke are one path."""
    strokes: dict[str, list[str]] = {}
    for start, ends, stroke in LINE.findall(found[0]):
        end = dict(re.findall(r'([xy])2="([^"]*)"', ends))
        strokes.setdefault(stroke, []).append(f"M{start}l{end.get('x', 0)},{end.get('y', 0)}")
    return "".join(f'<path d="{"".join(moves)}" {stroke}/>' for stroke, moves in strokes.items())


def _circle(found: re.Match[str]) -> str:
    x, y, radius, rest, end, inside = found.groups()
    kept = rest.replace(' stroke-width="2"', "") if 'stroke="' not in rest else rest
    return f'<circle cx="{x}" cy="{y}" r="{radius}"{kept}' + ("/>" if end == "/>" else f">{inside}</circle>")
