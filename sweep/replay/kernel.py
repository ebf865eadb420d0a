# SPDX-License-Identifier: MIT
"""The kernel that a trace is of: its release, its page size, its rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.release import Release
from sweep.model.kernel.releases import ReleaseError, known_release, rules_with

DEFAULT = "6.12.117"  # of traces that name none: the kernel of the first ones
STATISTICS = "pool_statistics"  # the rule without which a kernel has no counters to compare

# "7.3.4", "7.3.4-64k", "linux 7.3.4, pages of 65536 bytes", "linux 6.12.117 (Debian linux-source-6.12 6.12.117-1)".
_TEXT = re.compile(r"(?:linux )?v?(\d+\.\d+(?:\.\d+)?(?:-rc\d+)?)(?:-(\d+)k)?(?![.\d])(.*)", re.ASCII | re.DOTALL)
_PAGES = re.compile(r"\bpages of (\d+) bytes\b", re.ASCII)
SMALLEST_PAGE, LARGEST_PAGE = 4 << 10, 256 << 10  # bytes, of all architectures: include/vdso/page.h


class TraceKernel(NamedTuple):
    """What a replay has to know of the kernel."""

    release: Release
    page_bytes: int
    rules: frozenset[str]

    def with_rules(self, changes: Mapping[str, bool]) -> TraceKernel:
        """The same with some rules put in force (True) or out of force (False).  Errors: RulesError."""
        return self._replace(rules=rules_with(self.release, changes))


def trace_kernel(text: str) -> TraceKernel:
    """The kernel that `text` names.

    A release such as "6.1.192", with "-64k" behind it for its pages or followed by "pages of 65536 bytes"; what else
    stands behind it says who built it.  Errors: ReleaseError.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ReleaseError('is no release of Linux such as "6.12.117" or "7.3.4-64k"')
    release = known_release(match[1])
    said = _PAGES.search(match[3])
    page_bytes = int(match[2]) << 10 if match[2] else int(said[1]) if said else PAGE_BYTES
    if not SMALLEST_PAGE <= page_bytes <= LARGEST_PAGE or page_bytes & (page_bytes - 1):
        raise ReleaseError(f"has pages of {page_bytes:,} bytes: 4k, 8k, 16k and so on to 256k are possible")
    return TraceKernel(release, page_bytes, rules_with(release, {}))
