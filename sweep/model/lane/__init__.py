# SPDX-License-Identifier: MIT
"""The records of a lane: parameters, state and arrays, and how they are made from a scenario."""
