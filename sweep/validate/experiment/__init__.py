# SPDX-License-Identifier: MIT
"""Experiment files: their format, and reading them into checked data."""
