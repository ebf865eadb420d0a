# SPDX-License-Identifier: MIT
"""What several sections of a report are made of: numbers in cells, rows of them, and judgements over cells."""
