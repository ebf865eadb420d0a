# SPDX-License-Identifier: MIT
"""Event traces of one simulation: run it again as plain Python, and record what happens."""
