# SPDX-License-Identifier: MIT
"""What has an order is corrected by order: the nearest number, the newest release that is not younger."""

from __future__ import annotations

import random

import pytest

from sweep.closest_choice import closest
from sweep.errors import did_you_mean
from sweep.model.kernel.releases import CHANGES, LAST_MINORS, ReleaseError, known_release

RINGS = ["64", "128", "1024", "4096"]
KERNELS = [*CHANGES]


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
        ("5.3", KERNELS, "4.19"),
        ("6.1", KERNELS, "5.19"),
        ("6.12.60", KERNELS, "6.12.58"),
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


def test_releases_are_in_the_order_of_linus_tree_and_its_branches() -> None:
    written = [
        "4.6",
        "4.11-rc1",
        "4.11",
        "4.11.1",
        "4.20",
        "5.0",
        "6.12",
        "6.12.1",
        "6.12.34",
        "6.12.117",
        "6.14",
        "7.3",
    ]
    parsed = [known_release(text) for text in written]
    assert parsed == sorted(parsed)
    assert [str(release) for release in parsed] == written
    assert known_release("v5.15") == known_release("5.15.0")


@pytest.mark.parametrize("major", [5, 6])
def test_the_last_release_of_a_series_is_known(major: int) -> None:
    last = LAST_MINORS[major]
    assert str(known_release(f"{major}.{last}")) == f"{major}.{last}"
    with pytest.raises(ReleaseError, match=f"the last of its series is {major}.{last}"):
        known_release(f"{major}.{last + 1}")


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        ("4.5", "older than the oldest rules known here, those of 4.6"),
        ("2.6.32", "older than the oldest"),
        ("5.20", "the last of its series is 5.19"),
        ("5.41", "the last of its series is 5.19"),
        ("6.120", "the last of its series is 6.19"),
        ("7.120", "no series goes beyond 7.20"),
        ("61.2", "the newest rules known here are those of 7.3"),
        ("6.12.x", "no release of Linux such as"),
        *[
            (text, "no release of Linux such as")
            for text in ("", "5", "5.x", "five", "5.15-rc1", "5.15.0-91-generic", "٥.١٥", "5..15")
        ],
    ],
)
def test_what_is_no_release_or_has_no_rules_is_refused(release: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason.replace(".", r"\.")):
        known_release(release)
