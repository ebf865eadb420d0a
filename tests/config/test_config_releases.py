# SPDX-License-Identifier: MIT
"""A release of the kernel between two eras stands for the older one wherever a sweep file may name it."""

from __future__ import annotations

import pytest

from sweep.cli.verbs.plan import kernels
from sweep.errors import ConfigError
from tests.config.sweep_files import MINIMAL, column

AXIS = MINIMAL + 'axes: {kernel: ["4.18", "5.15", "6.8"]}\n'


def test_the_document_has_the_era_and_what_was_asked_for(sweep_of) -> None:
    sweep = sweep_of(MINIMAL + "kernel: 5.10\n")
    assert column(sweep, "kernel") == ["4.19"]
    assert sweep.scenario(0, 0).kernel == "4.19"
    assert sweep.document["releases"] == {"5.10": "4.19"}
    assert "releases" not in sweep_of(MINIMAL + 'kernel: "5.14"\n').document


@pytest.mark.parametrize("release", ["5.15", "v5.15", "5.14.21"])
def test_it_is_the_same_simulation_as_that_of_the_era(sweep_of, release: str) -> None:
    assert sweep_of(MINIMAL, f"kernel={release}").scenario(0, 0) == sweep_of(MINIMAL, "kernel=5.14").scenario(0, 0)


def test_axes_zips_points_baselines_and_constraints_take_it(sweep_of) -> None:
    assert column(sweep_of(AXIS), "kernel") == ["4.18", "5.14", "6.4"]
    assert column(sweep_of(AXIS + "where: kernel != '5.15'\n"), "kernel") == ["4.18", "6.4"]
    assert sweep_of(AXIS + 'baseline: {strategy: page_allocator, kernel: "5.15"}\n').baseline["kernel"] == "5.14"
    zipped = sweep_of(MINIMAL + 'zip: [{kernel: ["5.15", "6.8"], queues: [1, 2]}]\n')
    assert column(zipped, "kernel") == ["5.14", "6.4"]
    explicit = sweep_of(MINIMAL + 'points: [{kernel: "5.15"}, {kernel: "6.8"}]\n')
    assert column(explicit, "kernel") == ["5.14", "6.4"]


def test_two_names_of_one_era_are_one_value(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'the axis kernel has "5\.15" twice \(the same as "5\.14"\)'):
        sweep_of(MINIMAL + 'axes: {kernel: ["5.14", "5.15"]}\n')


def test_a_constraint_on_an_absent_release_is_answered_by_order(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'"5\.16" in it, which is not known\. Did you mean "5\.14"\?'):
        sweep_of(AXIS + "where: kernel != '5.16'\n")


def test_a_plan_says_which_rules_hold(sweep_of) -> None:
    asked = {
        "5.15": "5.14, the newest known that are not younger",
        "6.18": "6.12, the newest known at all; what changed",
    }
    for release, said in asked.items():
        (line,) = kernels(sweep_of(MINIMAL, f"kernel={release}"))
        assert line.startswith(f"kernel {release}: simulated with the rules of {said}")
    for release in ("6.12", "v6.12", "6.12.117"):
        assert not kernels(sweep_of(MINIMAL, f"kernel={release}"))


def test_a_baseline_that_is_no_point_is_answered_by_order(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'ring "1000" is not among the points\. Did you mean "1024"\?'):
        sweep_of(
            MINIMAL.replace("ring: 1024", "axes: {ring: [100, 1024]}")
            + "baseline: {strategy: page_allocator, ring: 1000}\n"
        )
