# SPDX-License-Identifier: MIT
"""Building blocks that several sections of a report share: numbers in cells, rows of them, verdicts over cells."""
