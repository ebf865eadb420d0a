# SPDX-License-Identifier: MIT
"""A Vega-Lite specification as a small piece of inline SVG: no script, no font, no address in it.

What a mark's `description` says becomes its <title>, which browsers show on hover and readers speak.
"""

from __future__ import annotations

import json
import re

from .document import Chart

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # names the version to the converter; never in the output
LABELLED = re.compile(r'<(path)((?:(?!aria-label)[^>])*) aria-label="([^"]*)"([^>]*)/>')
NEEDLESS = re.compile(r' (?:(?:role|aria-[a-z]+|xmlns(?::xlink)?|version|class|font-family)="[^"]*"|opacity="1")')
TAG = re.compile(r"<[^>]*>")
LONG = re.compile(r"(\d+\.\d\d)\d+")


def svg(chart: Chart) -> str:
    """The drawing, to be put into a page that defines the CSS colours."""
    import vl_convert

    spec = {"$schema": SCHEMA, **chart.spec}
    return compact(vl_convert.vegalite_to_svg(json.dumps(spec)), chart.description)


def compact(drawing: str, description: str) -> str:
    """Strip what a part of a page does not need, its font too, shorten numbers, turn labels of marks into titles."""
    titled = LABELLED.sub(_title, drawing)
    plain = TAG.sub(lambda tag: LONG.sub(r"\1", NEEDLESS.sub("", tag[0])), titled)
    spoken = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return plain.replace("<svg", f'<svg role="img" aria-label="{spoken}"', 1)


def _title(found: re.Match[str]) -> str:
    name, before, label, after = found.groups()
    if "graphics-symbol" not in after + before:
        return found.group(0)
    return f"<{name}{before}{after}><title>{label.replace('>', '&gt;')}</title></{name}>"
