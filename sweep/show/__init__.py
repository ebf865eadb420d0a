# SPDX-License-Identifier: MIT
"""One simulation in full, from the published table; and lists of strategies, mixes, parameters and so on.

`choose` selects the simulation; `point` makes its document from `summary`, `histograms`, `counters` and `laws`;
`text_drawing` draws with characters and `timeline` a trace over time; `catalogue` has the lists, with `strategies` and
`files`.
"""
