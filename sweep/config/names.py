# SPDX-License-Identifier: MIT
"""What claims of a sweep file may be about, parameters, counters and metrics, each with the unit of its column."""

from __future__ import annotations

from sweep.conditions import ConditionError
from sweep.config.models.quantities import ChoiceError
from sweep.fields.metrics import METRICS
from sweep.fields.parameter import LAW, WORD
from sweep.fields.parameters import PARAMETERS
from sweep.model import batch, strategies
from sweep.model.strategies import strategy
from sweep.yamltree.source import LISTS


@strategies.cached
def units_of_parameters() -> dict[str, str]:
    """The parameters that are numbers, each with the unit of its column."""
    declared = {each.name: each.column_unit or "1" for each in PARAMETERS.values() if each.kind not in (WORD, LAW)}
    return declared | {
        f"strategy.{knob.name}": knob.unit for name in strategies.names() for knob in strategy(name).KNOBS
    }


@strategies.cached
def unit_of() -> dict[str, str]:
    """What a claim may be about, each with the unit of its column: metrics, counters, parameters that are numbers."""
    counters = {field.name: field.unit for field in batch.all_counter_fields()}
    return units_of_parameters() | counters | {metric.name: metric.unit for metric in METRICS}


def explained(error: ConditionError) -> ChoiceError:
    """The same with the name of the parameter that was perhaps meant, and the command that lists them."""
    hinted = error.told([*PARAMETERS, *units_of_parameters()])
    return ChoiceError(hinted, error.known, see=LISTS["parameter"] if error.words else "")
