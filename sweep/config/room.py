# SPDX-License-Identifier: MIT
"""Whether there is memory for laying out a sweep: its cells before any constraint, then its simulations.

Not modelled: memory that other programs take; explicit points, which are few; columns that conditions name.
Source: measured on the sweep of bench/scale.py: 67 and 70 bytes a point to lay out and check 3 and 10 million; to plan,
145 and 142 bytes a simulation of these, 121 of a million points with 10 replicates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sweep.cgroups import machine_bytes, node_bytes
from sweep.config.sweep import Sweep
from sweep.grid import GridDimension
from sweep.yamltree.source import Mistake, Place

CELL_BYTES = 70  # a combination of entries of all axes
POINT_BYTES, SIMULATION_BYTES = 30, 115  # a point that is planned, and each of its replicates


def planning_bytes(sweep: Sweep) -> int:
    """Memory that planning a sweep takes, about."""
    planned = sweep.points * POINT_BYTES + sweep.simulations * SIMULATION_BYTES
    return max(sweep.layout.grid_cells * CELL_BYTES, planned)


def check_axes(dimensions: Sequence[GridDimension], place: Place) -> None:
    """Errors: Mistake if there is no room for the cells of these dimensions."""
    sizes = [len(dimension.entries) for dimension in dimensions]
    cells = math.prod(sizes)
    if problem := _shortage(cells * CELL_BYTES):
        shape = " × ".join(f"{size:,}" for size in sizes)
        raise Mistake(place, f'the axes make "{shape} = {cells:,}" points: laying them out takes {problem}.')


def check_simulations(sweep: Sweep, place: Place) -> None:
    """Errors: Mistake if there is no room for planning all simulations."""
    if problem := _shortage(planning_bytes(sweep)):
        number = f"{sweep.points:,} × {sweep.replicates:,} = {sweep.simulations:,}"
        raise Mistake(place, f'points times replicates are "{number}": planning them takes {problem}.')


def _shortage(needed_bytes: int) -> str:
    """What is needed and what there is, for people; "" if it fits."""
    available = node_bytes()
    if needed_bytes <= available:
        return ""
    whose = "the control group of this process allows" if available < machine_bytes() else "this machine has"
    return f"about {needed_bytes / 1e9:,.1f} GB of memory, and {whose} {available / 1e9:.1f} GB"
