# SPDX-License-Identifier: MIT
"""The smallest ring that meets an objective: a search that asks for simulations, and the answer as text and JSON.

`cube` lays out the points, `shapes` has the assumptions about metrics, `judge` decides a cell, `lattice` infers the
states of other cells of a series, `series` chooses the next simulations of one, `contest` compares strategies at their
own smallest rings, `search` requests simulations and takes their results, `answer` is the outcome, `document` and
`record` write it.  Nothing here runs a simulation: `jobs.rounds` does.
"""

from __future__ import annotations
