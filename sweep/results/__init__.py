# SPDX-License-Identifier: MIT
"""Reading published tables: rows laid out as cells, metrics with their comparisons, checks for a steady state."""
