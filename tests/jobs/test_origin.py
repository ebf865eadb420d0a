# SPDX-License-Identifier: MIT
"""What a run says that can be typed to go on is what was typed, the cluster included."""

from __future__ import annotations

import pytest

from sweep.errors import SweepError
from sweep.jobs.executors.choice import joined
from sweep.jobs.executors.protocol import Join
from sweep.jobs.origin import Origin, options


def test_how_a_run_is_gone_on_with_is_how_it_was_run() -> None:
    """On the head of a cluster, the command without the cluster would run everything on the head."""
    how = options(
        {"--executor": ("ray", "ray"), "--address": ("h:1", None), "--nodes": (4, 0), "--fail-fast": (True, False)}
    )
    origin = Origin.of("my x.yaml", ("replicates=2",), "runs/x", how)
    assert origin.again == "sweep run 'my x.yaml' --set replicates=2 --out runs/x"
    assert origin.resume == f"{origin.again} --address h:1 --nodes 4 --fail-fast"
    assert Origin.of("x.yaml", (), None).resume == "sweep run x.yaml"
    assert origin.reproduce("0123456789abcdef0123").startswith(
        "sweep run 'my x.yaml' --set replicates=2 --executor inline "
    )


def test_a_cluster_and_what_does_not_go_with_it() -> None:
    assert joined(None, 0, "inline") is None
    assert joined("auto", 3, "ray") == Join("auto", 3)
    with pytest.raises(SweepError, match=r'--nodes "3" is for a cluster that is there\n  next: give --address'):
        joined(None, 3, "ray")
    with pytest.raises(SweepError, match=r'--address "auto" .* --executor "inline" does not run there\n  next: leave'):
        joined("auto", 0, "inline")
