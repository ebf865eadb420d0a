# SPDX-License-Identifier: MIT
"""`make audit`: what the printed intervals and verdicts promise, beside what they do.

Ensembles of some hundred to some thousand simulated replicates are made with `sweep run`; the mean over all of them
is taken as the truth.  Blocks of a few replicates, each a published table of its own, are then put through the
program's functions, as if a user had run just these, and what comes out is held against the truth.

`ensembles` says what is simulated, `simulate` runs it, `blocks` cuts it up, `program` is the only file that calls the
functions under audit, and each kind of promise has a file: `coverage`, `stopping`, `reports`, `sizing`, `gates`,
`quantiles`.
"""
