# SPDX-License-Identifier: MIT
"""Every cause of drops has words and a knob that a sweep file takes."""

from __future__ import annotations

import pytest

from sweep.fields.counters import LOSSES
from sweep.fields.losses import CAUSES, Cause
from sweep.fields.parameters import PARAMETERS


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_a_cause_says_where_what_helps_and_which_parameter_to_try(cause: Cause) -> None:
    assert cause.counter in LOSSES
    assert cause.place.split()[0] in ("in", "for")
    assert "help" in cause.helps or "outlasts" in cause.helps
    assert cause.knob == "ring" or cause.knob in PARAMETERS
