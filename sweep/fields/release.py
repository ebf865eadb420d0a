# SPDX-License-Identifier: MIT
"""Releases of Linux: how they are written, and their order."""

from __future__ import annotations

import re
from typing import NamedTuple

_RELEASE = re.compile(r"v?([1-9]\d?)\.(\d{1,3})(?:\.(\d{1,4})|-rc(\d{1,2}))?", re.ASCII)
FINAL = 1 << 10  # above the number of any release candidate


class Release(NamedTuple):
    """A release, in the order of Linus's tree and of the stable branches that go off it."""

    major: int
    minor: int
    candidate: int = FINAL  # the number behind "-rc"
    patch: int = 0  # the number in the stable branch; X.Y alone is X.Y.0

    @property
    def base(self) -> Release:
        """The release of Linus's tree that its stable branch goes off; a release candidate is its own."""
        return self._replace(patch=0)

    def __str__(self) -> str:
        """As it is usually written: "6.12", "6.12.117", "4.11-rc1"."""
        candidate = "" if self.candidate == FINAL else f"-rc{self.candidate}"
        return f"{self.major}.{self.minor}{candidate}" + (f".{self.patch}" if self.patch else "")


def release_of(text: str) -> Release | None:
    """The release that `text` names, "v" before it or not; None if it names none."""
    match = _RELEASE.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, candidate = match.groups()
    return Release(int(major), int(minor), int(candidate) if candidate else FINAL, int(patch or 0))
