# SPDX-License-Identifier: MIT
"""A TX ring that holds many frames."""

from __future__ import annotations

from dataclasses import replace

from sweep.model.scenario import Scenario


def hold_frames(shared: Scenario, hold_ps: int) -> Scenario:
    """Change it so that a TX ring holds more frames than a CPU's magazines hold IOVAs, before it is cleaned."""
    nic = replace(shared.nic, tx_ring=1024, tx_coalesce_frames=0, tx_coalesce_ps=hold_ps)
    return replace(shared, nic=nic, ring=max(shared.ring, 600))
