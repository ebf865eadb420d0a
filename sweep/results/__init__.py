# SPDX-License-Identifier: MIT
"""Reading published tables: which rows are which cells, what a metric is there, and whether the window was steady."""
