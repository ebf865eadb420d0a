# SPDX-License-Identifier: MIT
"""A run as it goes, from nothing but its run directory: on this machine or another, by path or URI.

`Observer` looks; `pace` says how long it will take; `cells` which comparisons are still open.  Nothing is written there
and no lock is taken for longer than it takes to see who has it.
"""

from .observer import Observer, View

__all__ = ["Observer", "View"]
