# SPDX-License-Identifier: MIT
"""A page of a page_pool, section 1 of SEMANTICS.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Page:
    serial: int
    node: int
    refs: int = 1
    users: int = 1
    reserve: bool = False
    mapped: bool = False
