# SPDX-License-Identifier: MIT
"""Experiment files: what they may say, read and checked, as values."""
