# SPDX-License-Identifier: MIT
"""The smallest ring or highest load that meets objectives: searches that ask for simulations, and their answers.

`cube` lays out the points, `shapes` has the assumptions about metrics, `judge` decides a cell, `lattice` infers the
states of other cells of a series, `series` chooses the next simulations of one, `contest` compares strategies at their
own smallest rings, `search` requests simulations and takes their results, `answer` is the outcome, `document` and
`record` write it.  The highest load has a search of its own, with the same cells and judge: `loads`, `bracket`,
`load_search`, `load_answer`, `load_document`, `load_record`.  Nothing here runs a simulation: `jobs.rounds` does.
"""

from __future__ import annotations
