# SPDX-License-Identifier: MIT
"""One simulation's records: its parameters, state and arrays, and how they are made from a scenario."""
