# SPDX-License-Identifier: MIT
"""A kernel is a release of Linux wherever a sweep file may name it; its rules can be changed one by one."""

from __future__ import annotations

import pytest

from sweep.cli.verbs.plan import kernels
from sweep.errors import ConfigError
from tests.config.sweep_files import MINIMAL, column

AXIS = MINIMAL + 'axes: {kernel: ["4.18", "5.15", "6.8"]}\n'
RULE = 'axes: {kernel.pool_locality: ["on", "off"]}\n'


def test_a_release_is_written_in_one_way(sweep_of) -> None:
    for written in ("5.15", "v5.15", "5.15.0"):
        sweep = sweep_of(MINIMAL, f"kernel={written}")
        assert (column(sweep, "kernel"), sweep.scenario(0, 0).kernel) == (["5.15"], "5.15")
    assert column(sweep_of(MINIMAL, "kernel=6.12.117"), "kernel") == ["6.12.117"]
    assert column(sweep_of(MINIMAL), "kernel") == ["6.12"]


def test_a_scenario_has_the_rules_of_its_release(sweep_of) -> None:
    clamped = {
        release: sweep_of(MINIMAL, f"kernel={release}").scenario(0, 0).rules for release in ("6.12.57", "6.12.58")
    }
    assert {*clamped["6.12.58"]} - {*clamped["6.12.57"]} == {"pool_size_clamp"}
    assert "unmap_at_destroy" not in clamped["6.12.58"]  # it makes no difference to a sweep


def test_axes_zips_points_baselines_and_constraints_take_it(sweep_of) -> None:
    assert column(sweep_of(AXIS), "kernel") == ["4.18", "5.15", "6.8"]
    assert column(sweep_of(AXIS + "where: kernel != 'v5.15'\n"), "kernel") == ["4.18", "6.8"]
    assert column(sweep_of(AXIS + "where: kernel >= 5.15\n"), "kernel") == ["5.15", "6.8"]
    assert column(sweep_of(AXIS + "where: kernel > 5.15.3\n"), "kernel") == ["6.8"]
    assert sweep_of(AXIS + 'baseline: {strategy: page_allocator, kernel: "5.15.0"}\n').baseline["kernel"] == "5.15"
    zipped = sweep_of(MINIMAL + 'zip: [{kernel: ["5.15", "6.8.12"], queues: [1, 2]}]\n')
    assert column(zipped, "kernel") == ["5.15", "6.8.12"]
    explicit = sweep_of(MINIMAL + 'points: [{kernel: "5.15"}, {kernel: "6.8"}]\n')
    assert column(explicit, "kernel") == ["5.15", "6.8"]


def test_two_names_of_one_release_are_one_value(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'the axis kernel has "5\.14\.0" twice \(the same as "5\.14"\)'):
        sweep_of(MINIMAL + 'axes: {kernel: ["5.14", "5.14.0"]}\n')


def test_a_constraint_on_an_absent_release_is_answered_by_order(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'"5\.16" in it, which is not known\. Did you mean "5\.15"\?'):
        sweep_of(AXIS + "where: kernel != '5.16'\n")


def test_what_is_no_release_is_refused_with_its_place(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'kernel "6\.12\.x" is no release of Linux such as'):
        sweep_of(MINIMAL + 'kernel: "6.12.x"\n')
    with pytest.raises(ConfigError, match=r'kernel "5\.20" is no release of Linux: the last of its series is 5\.19'):
        sweep_of(MINIMAL + 'kernel: "5.20"\n')


def test_a_plan_says_what_is_assumed(sweep_of) -> None:
    asked = {
        "7.8": "kernel 7.8: simulated with the rules of 7.3, the newest known; what changed",
        "5.4": "kernel 5.4: its rules are from the literature (assumed)",
        "6.6.120": "kernel 6.6.120: assumed, not read: pool_size_clamp since 6.6.117",
    }
    for release, said in asked.items():
        (line,) = kernels(sweep_of(MINIMAL, f"kernel={release}"))
        assert line.startswith(said)
    for release in ("6.12", "v6.12", "6.12.117", "7.3.4", "6.18.2"):
        assert not kernels(sweep_of(MINIMAL, f"kernel={release}"))


# One rule alone.


def test_a_rule_on_an_axis_changes_that_rule_alone(sweep_of) -> None:
    sweep = sweep_of(MINIMAL + RULE)
    on, off = (sweep.scenario(point, 0) for point in range(2))
    assert {*on.rules} ^ {*off.rules} == {"pool_locality"}
    assert (on.kernel, off.kernel) == ("6.12", "6.12")
    assert "pool_locality" in on.rules
    assert [sweep.labels(point) for point in range(2)] == [{"kernel.pool_locality": each} for each in ("on", "off")]


def test_what_the_release_has_changes_nothing(sweep_of) -> None:
    assert sweep_of(MINIMAL, "kernel.pool_locality=on").scenario(0, 0) == sweep_of(MINIMAL).scenario(0, 0)


def test_conditions_know_the_rules_of_a_release(sweep_of) -> None:
    axes = MINIMAL + 'axes: {kernel: ["6.8", "6.12", "6.18"]}\n'
    for condition, expected in (
        ("kernel.pool_locality = on", ["6.12", "6.18"]),
        ("kernel.pool_size_clamp = off", ["6.8", "6.12"]),
        ("kernel.fragment_statistics = on", ["6.18"]),
    ):
        assert column(sweep_of(axes + f"where: {condition}\n"), "kernel") == expected, condition
    assert len(sweep_of(MINIMAL + RULE + "where: kernel.pool_locality = off\n").layout) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kernel: "5.10"\nkernel.skb_locality: on\n', "skb_locality needs skb_recycle, which 5.10 does not have"),
        ("kernel.skb_recycle: off\n", "skb_locality needs skb_recycle, which is set off"),
        ("kernel.pcp_process_only: on\n", "pcp_process_only is the opposite of pcp_order3, which 6.12 has"),
    ],
)
def test_an_impossible_combination_is_refused_with_its_reason(sweep_of, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as found:
        sweep_of(MINIMAL + text)
    assert "1 of 1 points are impossible." in str(found.value)


def test_an_axis_that_is_impossible_with_one_release_says_with_how_many_points(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'kernel.skb_locality "on" is impossible: .*5\.10.* 1 of 4 points'):
        sweep_of(MINIMAL + 'axes: {kernel: ["5.10", "6.12"], kernel.skb_locality: ["on", "off"]}\n')


@pytest.mark.parametrize(
    ("rule", "reason"),
    [("unmap_at_destroy", "no pool is destroyed in a sweep"), ("cache_by_page_size", "a page of a sweep has 4 KiB")],
)
def test_a_rule_that_makes_no_difference_to_a_sweep_is_refused_with_the_reason(
    sweep_of, rule: str, reason: str
) -> None:
    for text in (f"kernel.{rule}: on\n", f"axes: {{kernel.{rule}: [on, off]}}\n"):
        with pytest.raises(ConfigError, match=rf'"kernel\.{rule}" would change nothing: {reason}') as found:
            sweep_of(MINIMAL + text)
        assert f"sweep replay --rule {rule}=off" in str(found.value)
    with pytest.raises(ConfigError, match=rf'"kernel\.{rule}" would change nothing: {reason}'):
        sweep_of(MINIMAL, f"kernel.{rule}=on")


def test_a_rule_that_there_is_not_is_answered_with_one_that_there_is(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'Did you mean "kernel\.pool_locality"'):
        sweep_of(MINIMAL + "kernel.pool_localty: on\n")


def test_a_rule_is_on_or_off(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'kernel\.pool_locality "maybe" is not one of|"maybe"'):
        sweep_of(MINIMAL + "kernel.pool_locality: maybe\n")


def test_a_baseline_that_is_no_point_is_answered_by_order(sweep_of) -> None:
    with pytest.raises(ConfigError, match=r'ring "1000" is not among the points\. Did you mean "1024"\?'):
        sweep_of(
            MINIMAL.replace("ring: 1024", "axes: {ring: [100, 1024]}")
            + "baseline: {strategy: page_allocator, ring: 1000}\n"
        )
