# SPDX-License-Identifier: MIT
"""What has an order is corrected by order: the nearest number, the newest release that is not younger."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from sweep.closest_choice import closest
from sweep.errors import did_you_mean
from sweep.model.kernel import ERAS, LAST_MINORS, ReleaseError, rules

RINGS = ["64", "128", "1024", "4096"]
KERNELS = [*ERAS]


@pytest.mark.parametrize(
    ("value", "choices", "expected"),
    [
        ("1000", ["100", "1024"], "1024"),  # by spelling it is 100
        ("96", RINGS, "64"),  # the smaller of two
        ("100_000", RINGS, "4096"),
        ("-5", RINGS, "64"),
        ("0.29", ["0.2", "0.3", "0.9"], "0.3"),
        ("29 %", ["0.2", "0.3", "0.9"], "0.3"),
        ("900 us", ["9 us", "1 ms", "90 us"], "1 ms"),
        ("2 KiB", ["256", "2048", "4096"], "2048"),
        ("11g", ["10g", "25g"], "10g"),  # link speeds as tc(8) spells them
        ("9 Gbit/s", ["1 Gbit/s", "10 Gbit/s", "90 Gbit/s"], "10 Gbit/s"),
        ("128", ["none", "64", "256"], "64"),
        ("5.15", KERNELS, "5.14"),
        ("5.4", KERNELS, "4.19"),
        ("6.1", KERNELS, "5.19"),
        ("4.4", KERNELS, "4.6"),
        ("4.11", KERNELS, "4.11-rc1"),
        ("5.15", ["4.6", "6.12"], "4.6"),
    ],
)
def test_the_nearest_in_order(value: str, choices: list[str], expected: str) -> None:
    assert closest(value, choices) == expected
    assert did_you_mean(value, reversed(choices)) == f' Did you mean "{expected}"?'


@pytest.mark.parametrize(
    ("value", "choices", "expected"),
    [
        ("xeon-e5-1650v3", ["xeon-e5-1650v4", "armada-3720"], "xeon-e5-1650v4"),
        ("30 us", ["256", "1024"], ""),  # of another kind: nothing is near
        ("nothing", RINGS, ""),
    ],
)
def test_names_are_corrected_by_spelling(value: str, choices: list[str], expected: str) -> None:
    assert closest(value, choices) is None
    assert did_you_mean(value, choices) == (f' Did you mean "{expected}"?' if expected else "")


def test_a_number_is_never_farther_than_another_choice() -> None:
    drawn = random.Random(1)
    for _ in range(200):
        choices = [drawn.randrange(1, 10_000) for _ in range(drawn.randrange(1, 9))]
        value = drawn.randrange(0, 12_000)
        found = closest(str(value), map(str, choices))
        assert found is not None
        assert abs(int(found) - value) == min(abs(each - value) for each in choices)


def releases() -> list[tuple[int, int]]:
    """Every release from the first era's to some after the last, in order."""
    series = {**LAST_MINORS, 6: 20}
    return [
        (major, minor)
        for major, last in sorted(series.items())
        for minor in range(last + 1)
        if (major, minor) >= (4, 6)
    ]


def test_every_release_has_the_newest_rules_that_are_not_younger() -> None:
    """By an independent walk through all releases: an era begins at its own and lasts until the next."""
    current = ""
    for major, minor in releases():
        name = f"{major}.{minor}"
        current = name if name in ERAS else current
        for written in (name, f"v{name}", f"{name}.1", f"{name}.117"):
            assert rules(written) == current, written
    assert current == KERNELS[-1]
    assert rules("4.11-rc1") == "4.11-rc1"


def test_rules_never_get_older_with_the_release() -> None:
    found = [KERNELS.index(rules(f"{major}.{minor}")) for major, minor in releases()]
    assert all(before <= after for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        ("4.5", "older than the oldest rules known here, those of 4.6"),
        ("2.6.32", "older than the oldest"),
        ("5.20", "the last of its series is 5.19"),
        ("5.41", "the last of its series is 5.19"),
        ("6.120", "no series goes beyond .20"),
        ("61.2", "the newest rules known here are those of 6.12"),
        *[
            (text, "no release of Linux such as")
            for text in ("", "5", "5.x", "five", "5.15-rc1", "5.15.0-91-generic", "٥.١٥", "5..15")
        ],
    ],
)
def test_what_is_no_release_or_has_no_rules_is_refused(release: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason.replace(".", r"\.")):
        rules(release)
