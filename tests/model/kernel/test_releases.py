# SPDX-License-Identifier: MIT
"""Which rules a release of Linux has: Linus's tree at its base, and the backports of its own branch up to it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sweep.fields.kernel import BY_NAME, RULES
from sweep.fields.release import Release, release_of
from sweep.model.kernel import releases
from sweep.model.kernel.releases import (
    CHANGES,
    RulesError,
    assumptions,
    deciding,
    first_releases,
    known_release,
    rules_of,
    rules_with,
)

# Releases whose page_pool.c was compiled and run: which of its rules each one has.
POOL_RULES = {
    "R1": {"fragment_statistics"},
    "R2": {"fragment_alignment"},
    "R3": {"pool_size_clamp"},
    "R4": {"unmap_at_destroy"},
    "R5": {"pool_locality", "bulk_locality"},
    "R6": {"cache_by_page_size"},
    "bulk": {"pool_bulk"},
}
RUN = {
    "5.10.223": "",
    "5.15.135": "bulk",
    "6.1.192": "bulk R2 R3",
    "6.6.57": "bulk",
    "6.12.117": "bulk R2 R3 R4 R5",
    "6.14.0": "bulk R1 R5",
    "6.18.2": "bulk R1 R3 R4 R5",
    "6.18.35": "bulk R1 R3 R4 R5",
    "6.19.9": "bulk R1 R3 R4 R5",
    "7.1.5": "bulk R1 R3 R4 R5 R6",
    "7.2.13": "bulk R1 R2 R3 R4 R5 R6",
    "7.3.4": "bulk R1 R2 R3 R4 R5 R6",
}


def rules(text: str) -> frozenset[str]:
    return rules_of(known_release(text))


@pytest.mark.parametrize("release", RUN)
def test_releases_that_were_run_have_the_rules_that_they_showed(release: str) -> None:
    asked = set().union(*POOL_RULES.values())
    expected = set().union(*(POOL_RULES[key] for key in RUN[release].split()))
    assert rules(release) & asked == expected


@pytest.mark.parametrize(
    ("release", "pcp", "others"),
    [  # what the model had for each of these before its rules had names
        ("4.6", (31, 186), ""),
        ("4.11-rc1", (31, 186), "pcp_process_only"),
        ("4.11", (31, 186), ""),
        ("4.18", (31, 186), ""),
        ("4.19", (63, 378), ""),
        ("5.13", (63, 378), "pool_bulk"),
        ("5.14", (63, 649), "pool_bulk pcp_order3 skb_recycle"),
        ("5.19", (63, 649), "pool_bulk pcp_order3 skb_recycle pool_statistics deferred_free"),
        ("6.4", (63, 649), "pool_bulk pcp_order3 skb_recycle pool_statistics deferred_free skb_locality"),
    ],
)
def test_older_releases_have_the_rules_that_they_had(release: str, pcp: tuple[int, int], others: str) -> None:
    found = rules(release)
    assert releases.pcp_marks(found) == pcp
    assert found - {"pcp_batch_63", "pcp_high_by_zone"} == set(others.split())


def test_6_12_117_and_6_14_differ_in_both_directions() -> None:
    assert rules("6.12.117") - rules("6.14") == {"fragment_alignment", "pool_size_clamp", "unmap_at_destroy"}
    assert rules("6.14") - rules("6.12.117") == {"fragment_statistics"}


@pytest.mark.parametrize(
    ("before", "first", "rule"),
    [
        ("6.12.33", "6.12.34", "unmap_at_destroy"),
        ("6.12.57", "6.12.58", "pool_size_clamp"),
        ("6.1.158", "6.1.159", "pool_size_clamp"),
        ("5.15.196", "5.15.197", "pool_size_clamp"),
        ("6.12.114", "6.12.115", "fragment_alignment"),
        ("6.1.190", "6.1.191", "fragment_alignment"),
        ("7.2.12", "7.2.13", "fragment_alignment"),
    ],
)
def test_a_backport_counts_from_its_release_on_and_on_its_branch_alone(before: str, first: str, rule: str) -> None:
    assert rules(first) - rules(before) == {rule}
    other = known_release(first)._replace(minor=known_release(first).minor + 1)
    later = BY_NAME[rule]
    assert deciding(later, other) in (None, release_of(later.since.partition("?")[0])), (
        "a neighbour's branch has none of its own"
    )


def test_a_release_without_a_patch_level_is_its_base() -> None:
    assert known_release("6.12") == known_release("6.12.0") == known_release("v6.12")
    assert rules("6.12") == rules("6.12.0") != rules("6.12.58")
    assert str(known_release("v6.12.0")) == "6.12"


def test_mainline_never_loses_a_rule_but_the_one_that_was_reverted() -> None:
    series = {4: range(6, 21), 5: range(20), 6: range(20), 7: range(4)}
    found = [rules_of(Release(major, minor)) for major, minors in series.items() for minor in minors]
    for before, after in pairwise(found):
        assert before <= after
    assert found[0] == frozenset()
    assert found[-1] == {rule.name for rule in RULES} - {"pcp_process_only"}


def test_a_branch_never_loses_a_rule() -> None:
    for base in ("5.4", "5.10", "5.15", "6.1", "6.6", "6.12", "6.17", "7.2"):
        found = [rules_of(known_release(base)._replace(patch=patch)) for patch in range(0, 400)]
        assert all(before <= after for before, after in pairwise(found)), base


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_table_is_sound(rule: object) -> None:
    assert rule in RULES
    since, *backports = first_releases(rule)  # type: ignore[arg-type]
    assert since.patch == 0
    assert all(first.patch > 0 and first.base < since for first in backports)
    assert len({first.base for first in backports}) == len(backports)
    assert {*rule.needs, *rule.excludes} <= BY_NAME.keys()  # type: ignore[attr-defined]
    assert str(since) in CHANGES
    assert all(read is None or read >= first for first, read in first_releases(rule).items())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("release", "changes", "message", "blamed"),
    [
        ("5.10", {"skb_locality": True}, "skb_locality needs skb_recycle, which 5.10 does not have", "skb_locality"),
        ("6.12", {"skb_recycle": False}, "skb_locality needs skb_recycle, which is set off", "skb_recycle"),
        (
            "6.12",
            {"pcp_process_only": True},
            "is the opposite of pcp_order3, which 6.12 has",
            "pcp_process_only",
        ),
        ("4.11-rc1", {"pcp_order3": True}, "is the opposite of pcp_order3, which is set on", "pcp_order3"),
    ],
)
def test_rules_that_contradict_each_other(release: str, changes: dict[str, bool], message: str, blamed: str) -> None:
    with pytest.raises(RulesError, match=message) as found:
        rules_with(known_release(release), changes)
    assert found.value.rule == blamed


def test_a_rule_is_changed_alone() -> None:
    release = known_release("6.12.117")
    assert rules_with(release, {"pool_locality": False}) == rules_of(release) - {"pool_locality"}
    assert rules_with(release, {"fragment_statistics": True}) == rules_of(release) | {"fragment_statistics"}
    assert rules_with(release, {}) == rules_of(release)


@pytest.mark.parametrize(
    ("release", "sentences"),
    [
        ("6.12.117", []),
        ("5.10.223", []),
        ("5.4", ["its rules are from the literature (assumed): no page_pool before 5.10 was run"]),
        ("6.6.120", ["assumed, not read: pool_size_clamp since 6.6.117"]),
        (
            "6.11.2",
            ["assumed, not read: pool_locality since 6.10, bulk_locality since 6.10, softirq_off_free since 6.10"],
        ),
        ("6.13", ["assumed, not read: fragment_statistics since 6.13"]),
        ("6.18.2", []),
        ("7.3.4", []),
        ("7.9", ["simulated with the rules of 7.3, the newest known; what changed since is not modelled"]),
    ],
)
def test_what_is_assumed_is_said(release: str, sentences: list[str]) -> None:
    assert assumptions(known_release(release)) == sentences


@pytest.mark.parametrize(
    ("page_bytes", "old", "new"), [(4096, 64, 64), (8192, 64, 64), (16384, 64, 16), (65536, 64, 4), (1 << 18, 64, 4)]
)
def test_large_pages_have_small_caches_from_7_1_on(page_bytes: int, old: int, new: int) -> None:
    assert releases.refill_pages(rules("6.19.9"), page_bytes) == old
    assert releases.refill_pages(rules("7.1.5"), page_bytes) == new
