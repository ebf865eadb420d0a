# SPDX-License-Identifier: MIT
"""One simulation in full, from the published table; and lists of what there is to choose from.

`choose` finds the simulation that is meant; `point` says all about it, of `summary`, `histograms`, `counters` and
`laws`; `strokes` draws with characters and `timeline` a trace over time; `catalogue` has the lists, of `strategies` and
`files`.
"""
