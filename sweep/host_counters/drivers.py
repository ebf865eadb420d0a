# SPDX-License-Identifier: MIT
"""The kernel's names of what drivers count in `ethtool -S`, from a data file per driver.

A pattern is the name as ethtool prints it; `{q}` stands for the number of a queue.  Names without a pattern are kept as
they are printed.  `common.toml` has what any driver may print: the page_pool's own and those of struct
rtnl_link_stats64.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

COMMON = "common"


class Meaning(NamedTuple):
    """`name` as the kernel has it; `queue` is None for the whole device."""

    name: str
    queue: str | None


@dataclass(frozen=True)
class Driver:
    """`samples` are the kernels whose real output is tested; none: untested."""

    name: str
    source: str
    samples: tuple[str, ...]
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    def meaning(self, printed: str) -> Meaning | None:
        """What a printed name means; None if the data file does not say."""
        for pattern, name in self.patterns:
            if found := pattern.fullmatch(printed):
                return Meaning(name, found.groupdict().get("q"))
        return None


@cache
def known() -> dict[str, Driver]:
    """All drivers that have a data file, by the name that `ethtool -i` prints."""
    by_name: dict[str, Driver] = {}
    for entry in sorted(files(__package__).joinpath("drivers").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            data = tomllib.loads(entry.read_text(encoding="utf-8"))
            patterns = tuple(
                (re.compile(re.escape(written).replace(r"\{q\}", r"(?P<q>\d{1,5})")), name)
                for name, several in data["names"].items()
                for written in several
            )
            driver = Driver(data["driver"], data["source"], tuple(data["samples"]), patterns)
            by_name[driver.name] = driver
    return by_name


def meaning(driver: str | None, printed: str) -> Meaning | None:
    """What a name that this driver prints means; of a driver without a data file, or None, what is common to all."""
    own = known().get(driver or COMMON)
    return (own.meaning(printed) if own else None) or known()[COMMON].meaning(printed)
