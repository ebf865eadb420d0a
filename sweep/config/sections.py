# SPDX-License-Identifier: MIT
"""Models of what has a file of its own: a NIC and a host, and with `traffic` a mix."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, create_model, model_serializer, model_validator

from sweep.model.host import COSTS
from sweep.units import PS_PER_SECOND

from .quantities import ChoiceError, Count, Link, Name, Size, Time, Usecs
from .traffic import Mix
from .validation import Group, Part, meaning

Interval = Annotated[int, Usecs(0, 10**12)]
Packets = Annotated[int, Count(0, 65536)]
Some = Annotated[int, Count(1, 65536)]
CostTime = Annotated[int, Time(0, PS_PER_SECOND)]


class Coalesce(Group):
    usecs: Interval = meaning("RX interrupt: time after the first packet")
    frames: Packets = meaning("RX interrupt: packets; 0: not used", "0")


class TxCoalesce(Group):
    """As coalesce where not given, because ixgbe and its like have one interrupt for both directions of a queue."""

    usecs: Interval | None = meaning("TX completion: time; default as coalesce", None)
    frames: Packets | None = meaning("TX completion: frames; default as coalesce", None)


class Nic(Group):
    """A NIC.  napi_budget: NAPI_POLL_WEIGHT.  refill_batch: IXGBE_RX_BUFFER_WRITE."""

    link: Annotated[int, Link(1, 8_000_000)] = meaning("link speed")
    tx_ring: Some = meaning("TX descriptors")
    napi_budget: Some = meaning("packets per poll at most", "64")
    coalesce: Coalesce
    tx_coalesce: TxCoalesce = meaning("", {})
    refill_batch: Some = meaning("consumed descriptors that make the driver refill", "16")
    copybreak: Annotated[int, Size(0, 9000)] = meaning("local packets up to this size are copied; 0: none", "0")
    about: str | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _both_directions(self) -> Nic:
        own = {key: value for key, value in self.tx_coalesce if value is not None}
        return self.model_copy(update={"tx_coalesce": TxCoalesce.model_construct(**{**dict(self.coalesce), **own})})


class Cost(Part):
    """What an operation costs; `assumed` marks one without a published figure and then a range is needed."""

    value: CostTime
    source: str
    assumed: bool = False
    range: Annotated[list[CostTime], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _guess(self) -> Cost:
        if self.range and not self.assumed:
            raise ChoiceError("is a range, but the cost is not marked assumed", at=("range",))
        if self.assumed and not self.range:
            raise ChoiceError("needs a range of two times", at=("assumed",))
        if self.range and not self.range[0] <= self.value <= self.range[1]:
            raise ChoiceError("is outside its range", at=("value",))
        return self


_costs: Any = {cost.name: (Cost, meaning(cost.meaning)) for cost in COSTS}


class Host(Part):
    """A host profile: each cost with its source.  Canonical: {costs: {name: ps}, assumed: {name: [low, high]}}."""

    costs: create_model("Costs", __base__=Part, **_costs)  # type: ignore[valid-type]
    cpu: str | None = None
    frequency: str | None = None
    memory: str | None = None
    kernels: str | None = None
    mitigations: str | None = None
    not_modelled: str | None = None
    about: str | None = None

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        costs: dict[str, Cost] = dict(self.costs)
        return {
            "costs": {name: cost.value for name, cost in costs.items()},
            "assumed": {name: cost.range for name, cost in costs.items() if cost.assumed},
        }


SECTIONS: dict[str, TypeAdapter[Any]] = {
    "traffic": TypeAdapter(Mix),
    "nic": TypeAdapter(Nic),
    "host": TypeAdapter(Host),
}
