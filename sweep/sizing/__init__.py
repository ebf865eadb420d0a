# SPDX-License-Identifier: MIT
"""The smallest ring that meets an objective: a search that asks for simulations, and the answer as text and JSON.

`cube` lays out the points, `shapes` is what is assumed of metrics, `judge` decides a cell, `lattice` carries that
along a series, `series` chooses what to ask of one, `contest` compares strategies at their own smallest rings,
`search` asks and is told, `answer` is what is found, `document` and `record` write it.  Nothing here runs a
simulation: `jobs.rounds` does.
"""

from __future__ import annotations
