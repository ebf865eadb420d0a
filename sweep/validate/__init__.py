# SPDX-License-Identifier: MIT
"""Published experiments against the model: read, fitted, predicted, judged, summed up.

`forms` is the format of experiment files (docs/experiments.md); `rows`, `relations` and `reading` make an
`experiment.Experiment` of one, `points` its scenarios; `predict` runs them, `fit` solves the free parameters, `origins`
finds those of other files, `verdict`, `shape` and `identity` judge, `summary` counts, `document`, `plot` and `files`
write the results.
"""

from sweep.validate.experiment.experiment import Experiment
from sweep.validate.experiment.reading import find, read, read_all

from .judge import ExperimentOutcome, judge

__all__ = ["Experiment", "ExperimentOutcome", "find", "judge", "read", "read_all"]
