# SPDX-License-Identifier: MIT
"""Published experiments against the model: read, fitted, predicted, judged, summed up.

`forms` is what an experiment file may say (docs/experiments.md), `rows`, `relations` and `reading` make an
`experiment.Experiment` of it, `points` the scenarios; `predict` runs them, `fit` solves the free parameters, `origins`
finds those of other files, `verdict`, `shape` and `identity` judge, `summary` counts, `document`, `plot` and `files`
tell.
"""

from sweep.validate.experiment.experiment import Experiment
from sweep.validate.experiment.reading import find, read, read_all

from .judge import Outcome, judge

__all__ = ["Experiment", "Outcome", "find", "judge", "read", "read_all"]
