# SPDX-License-Identifier: MIT
"""What conditions and claims of a sweep file may name: parameters, by the columns of the results too, and metrics."""

from __future__ import annotations

from functools import cache

from sweep.conditions import ConditionError
from sweep.conditions.columns import COLUMNS
from sweep.config.models.quantities import ChoiceError
from sweep.metrics import METRICS
from sweep.model import batch
from sweep.model.hardware import host
from sweep.model.strategies import NAMES, strategy
from sweep.yamltree.source import LISTS

NAMED = ("strategy", "traffic", "host", "nic", "kernel", "iommu", "label")  # parameters that are text
PLAIN = ("ring", "queues", "load", "packets", "warmup", "memory_pages", "duration", "traffic.flows")
NIC = ("tx_ring", "napi_budget", "refill_batch", "coalesce.frames", "copybreak", "rx_buffer")
READER = ("batch", "rcvbuf")


@cache
def parameter_of() -> dict[str, str]:
    """The parameter that each column of the results is, of those in the same unit: `host.atomic` is `cost_atomic`."""
    knobs = [f"strategy.{knob.name}" for name in NAMES for knob in strategy(name).KNOBS]
    given = [*NAMED, *PLAIN, *knobs, *(f"nic.{name}" for name in NIC), *(f"traffic.reader.{name}" for name in READER)]
    costs = {f"cost_{cost.name}": f"host.{cost.name}" for cost in host.COSTS}
    sizes = {f"host_{size.name}": f"host.{size.name}" for size in host.HARDWARE if size.unit != "1e-3"}
    return {**{COLUMNS.get(name, name.rpartition(".")[2]): name for name in given}, **costs, **sizes}


@cache
def unit_of() -> dict[str, str]:
    """What a claim may be about, each with the unit of its column: metrics, counters, parameters that are numbers."""
    own = {name: "ps" if name.startswith("cost_") or name.endswith("_ps") else "1" for name in parameter_of()}
    own |= {name: "bytes" for name in own if name.endswith("_bytes") or name == "host_llc"}
    own = {name: unit for name, unit in own.items() if name not in NAMED}
    counters = {field.name: field.unit for field in batch.all_counter_fields()}
    return own | counters | {metric.name: metric.unit for metric in METRICS}


def explained(error: ConditionError) -> ChoiceError:
    """The same with the name of the parameter that was perhaps meant, and the command that lists them."""
    hinted = error.told([*parameter_of(), *parameter_of().values()])
    return ChoiceError(hinted, error.known, see=LISTS["parameter"] if error.words else "")
