# SPDX-License-Identifier: MIT
"""Models of what has a file of its own: a NIC and a host, and with `traffic` a mix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, TypeAdapter, create_model, model_serializer, model_validator

from sweep.model.fields import Field as ModelField
from sweep.model.hardware.host import COSTS, HARDWARE
from sweep.units import PS_PER_SECOND
from sweep.yamltree.validation import Group, Part, meaning

from .quantities import ChoiceError, Count, Link, Milli, Name, RateLimit, Size, Time, Usecs
from .traffic import Mix

Interval = Annotated[int, Usecs(0, 10**12)]
Packets = Annotated[int, Count(0, 65536)]
Some = Annotated[int, Count(1, 65536)]
CostTime = Annotated[int, Time(0, PS_PER_SECOND)]
MOST_ENTRIES = 1 << 20  # ways, translations
V = TypeVar("V")


class Coalesce(Group):
    usecs: Interval = meaning("RX interrupt: time after the first packet")
    frames: Packets = meaning("RX interrupt: packets; 0: not used", "0")


class TxCoalesce(Group):
    """As coalesce where not given, because ixgbe and its like have one interrupt for both directions of a queue."""

    usecs: Interval | None = meaning("TX completion: time; default as coalesce", None)
    frames: Packets | None = meaning("TX completion: frames; default as coalesce", None)


class Nic(Group):
    """A NIC.  napi_budget: NAPI_POLL_WEIGHT.  refill_batch: IXGBE_RX_BUFFER_WRITE.  rx_buffer: Intel 82599's packet
    buffer, 512 KB (its datasheet)."""

    link: Annotated[int, Link(1, 8_000_000)] = meaning("link speed")
    tx_ring: Some = meaning("TX descriptors")
    napi_budget: Some = meaning("packets per poll at most", "64")
    coalesce: Coalesce
    tx_coalesce: TxCoalesce = meaning("", {})
    refill_batch: Some = meaning("consumed descriptors that make the driver refill", "16")
    copybreak: Annotated[int, Size(0, 9000)] = meaning("local packets up to this size are copied; 0: none", "0")
    pcie_rate: Annotated[int, RateLimit(1, 10**12)] = meaning(
        "packets per second that the port's PCIe link carries, all queues", "none"
    )
    rx_buffer: Annotated[int, Size(0, 1 << 28)] = meaning("packets that the NIC itself can hold, all queues", "512 KiB")
    about: str | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _both_directions(self) -> Nic:
        own = {key: value for key, value in self.tx_coalesce if value is not None}
        return self.model_copy(update={"tx_coalesce": TxCoalesce.model_construct(**{**dict(self.coalesce), **own})})


class Sourced(Part, Generic[V]):
    """A number with its source; `assumed` marks one without a published figure and then a range is needed."""

    value: V
    source: str
    assumed: bool = False
    range: Annotated[list[V], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _guess(self) -> Sourced[V]:
        if self.range and not self.assumed:
            raise ChoiceError("is a range, but the number is not marked assumed", at=("range",))
        if self.assumed and not self.range:
            raise ChoiceError("needs a range of two values", at=("assumed",))
        low, high = self.range or (self.value, self.value)
        if not low <= self.value <= high:  # type: ignore[operator]
            raise ChoiceError("is outside its range", at=("value",))
        return self


# What a value of `host.<name>` is.
HARDWARE_TYPES: dict[str, Any] = {"bytes": Annotated[int, Size(0, 1 << 40)], "1e-3": Annotated[int, Milli(0, 64_000)]}
HOST_TYPES: dict[str, Any] = {
    **{cost.name: CostTime for cost in COSTS},
    **{size.name: HARDWARE_TYPES.get(size.unit, Annotated[int, Count(0, MOST_ENTRIES)]) for size in HARDWARE},
    "llc_ways": Annotated[int, Count(1, MOST_ENTRIES)],
}


def _section(name: str, fields: Iterable[ModelField]) -> type[Part]:
    sourced: Any = Sourced
    numbers: Any = {f.name: (sourced[HOST_TYPES[f.name]], meaning(f.meaning)) for f in fields}
    made: type[Part] = create_model(name, __base__=Part, **numbers)
    return made


class Host(Part):
    """A host profile: sourced numbers.  Canonical: {values: {name: number}, assumed: {name: [low, high]}}."""

    costs: _section("Costs", COSTS)  # type: ignore[valid-type]
    hardware: _section("Hardware", HARDWARE)  # type: ignore[valid-type]
    cpu: str | None = None
    frequency: str | None = None
    memory: str | None = None
    kernels: str | None = None
    mitigations: str | None = None
    not_modelled: str | None = None
    about: str | None = None

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        numbers: dict[str, Sourced[int]] = {**dict(self.costs), **dict(self.hardware)}
        return {
            "values": {name: number.value for name, number in numbers.items()},
            "assumed": {name: number.range for name, number in numbers.items() if number.assumed},
        }


SECTIONS: dict[str, TypeAdapter[Any]] = {
    "traffic": TypeAdapter(Mix),
    "nic": TypeAdapter(Nic),
    "host": TypeAdapter(Host),
}
