# SPDX-License-Identifier: MIT
"""Numbers as text for people: 11,880 · 2.4 G · 45 s · 0.4 GB."""

from __future__ import annotations


def count(number: int) -> str:
    """A whole number with commas: "11,880"."""
    return f"{number:,}"


def with_prefix(number: float) -> str:
    """A large number with a decimal prefix, ready for a unit: "2.4 G", "54.1 M", "980 "."""
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.1f} {prefix}"
    return f"{number:.0f} "


def size(number: float) -> str:
    """A number of bytes: "9 MB", "0.4 GB"."""
    if number >= 100e6:
        return f"{number / 1e9:.1f} GB"
    return f"{number / 1e6:.0f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"


def seconds(number: float) -> str:
    """A duration: "12 ms", "0.4 s", "45 s", "3 min 20 s", "2 h 5 min"."""
    if 0 < number < 0.0995:
        return f"{max(number * 1e3, 1):.0f} ms"
    if number < 9.95:
        return f"{number:.1f} s"
    whole = round(number)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def clock(number: float) -> str:
    """A duration as minutes and seconds: "0:16", "12:04"."""
    return f"{round(number) // 60}:{round(number) % 60:02d}"
