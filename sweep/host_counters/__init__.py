# SPDX-License-Identifier: MIT
"""Counters of a real host: read as its tools print them, subtracted, checked against each other, explained."""
