# SPDX-License-Identifier: MIT
"""What conditions and claims of a sweep file may name: parameters, by the columns of the results too, and metrics."""

from __future__ import annotations

from sweep.conditions import ConditionError
from sweep.config.models.quantities import ChoiceError
from sweep.fields.metrics import METRICS
from sweep.fields.parameter import COUNT, COUNT_OR_TIME, SIZE, TIME, WORD
from sweep.fields.parameters import PARAMETERS
from sweep.model import batch, strategies
from sweep.model.strategies import strategy
from sweep.yamltree.source import LISTS

SAME_UNIT = (WORD, COUNT, COUNT_OR_TIME, SIZE, TIME)  # in a column as in a condition


@strategies.cached
def parameter_of() -> dict[str, str]:
    """The parameter that each column of the results is, of those in the same unit: `host.atomic` is `cost_atomic`."""
    knobs = {knob.name: f"strategy.{knob.name}" for name in strategies.names() for knob in strategy(name).KNOBS}
    declared = {each.published: each.name for each in PARAMETERS.values() if each.kind in SAME_UNIT}
    return {"load": "load", **declared, **knobs}


@strategies.cached
def unit_of() -> dict[str, str]:
    """What a claim may be about, each with the unit of its column: metrics, counters, parameters that are numbers."""
    declared = {each.published: each.model_unit for each in PARAMETERS.values() if each.kind is not WORD}
    declared |= {knob.name: knob.unit for name in strategies.names() for knob in strategy(name).KNOBS}
    own = {name: declared.get(name) or "1" for name in parameter_of()}
    words = {each.published for each in PARAMETERS.values() if each.kind is WORD}
    counters = {field.name: field.unit for field in batch.all_counter_fields()}
    return (
        {name: unit for name, unit in own.items() if name not in words}
        | counters
        | {metric.name: metric.unit for metric in METRICS}
    )


def explained(error: ConditionError) -> ChoiceError:
    """The same with the name of the parameter that was perhaps meant, and the command that lists them."""
    hinted = error.told([*parameter_of(), *parameter_of().values()])
    return ChoiceError(hinted, error.known, see=LISTS["parameter"] if error.words else "")
