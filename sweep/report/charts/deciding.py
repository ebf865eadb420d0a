# SPDX-License-Identifier: MIT
"""The curve that decides a traffic mix: ns per packet, or drops where these are what is open, with its intervals.

The page draws it from its points, for what its filters leave; here are its title and its key.
"""

from __future__ import annotations

import numpy as np

from sweep.document.blocks import Chart, Key
from sweep.document.statements.templates import filled
from sweep.fields.spread import DROPS
from sweep.report.parts.letters import letter
from sweep.results.analysis import METRIC, Analysis

from .panels import INK, key

ANSWER = "answer"  # the view of the page that draws it


def deciding(analysis: Analysis, mix: int) -> Chart:
    """Strategies at the highest load, over ring size; over load if there is one ring.  Hatched where it is open."""
    data, last = analysis.data, analysis.last_load(mix)
    here = {where: outcome for where, outcome in analysis.outcomes.items() if where[0] == mix}
    rings, loads = ({where[axis] for where in here} for axis in (2, 1))
    over_rings = len(rings) > 1 or len(loads) < 2
    drops = sum(outcome.drops_open for outcome in here.values()) * 2 > len(here)
    means = data.estimate(DROPS if drops else METRIC)[mix]
    line = means[last] if over_rings else means[:, min(rings)]
    with np.errstate(invalid="ignore"):
        banded = bool((line.high > line.center).any())
    title = filled(
        "curve",
        mix=data.mixes[mix],
        metric="dropped share" if drops else "ns per packet",
        axis="ring size" if over_rings else "load",
        fixed=f"load {data.loads[last]:g}" if over_rings else f"ring {data.rings[min(rings)]}",
        bands=filled("banded" if banded else "bare"),
    )
    legend = (
        *(each._replace(text=f"{letter(column)} {each.text}") for column, each in enumerate(key(analysis))),
        Key("hatched: open", INK, "hatched"),
    )
    return Chart(title, title, {}, legend, live=ANSWER)
