# SPDX-License-Identifier: MIT
"""Claims about a table and their verdicts: those of the linux-mm thread of 2016, and those of a sweep file."""
