# SPDX-License-Identifier: MIT
"""Pydantic models of a traffic mix: arrivals, sizes, fates, reader.  Dumped, they give the document's canonical values.

Source of `imix`: the simple IMIX, 7 : 4 : 1 frames of 64, 594 and 1518 bytes with FCS ([rfc 6985] section 4 gives
the notation for such mixes; the seven-four-one mix is the one that testers ship under this name).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_serializer, model_validator

from sweep.fields.parameters import PARAMETERS
from sweep.fields.traffic import ARRIVALS, FATES, FLOWS, FORWARD_PATH, READER, READER_CPU, SIZES, WAKEUP
from sweep.units import MILLION
from sweep.yamltree.validation import Group, SectionModel, meaning

from .arrivals import ArrivalProcess
from .declared import group, type_of
from .distributions import TIME, RandomTime, TimeForms
from .quantities import ChoiceError, Count, Size

IMIX = [{"bytes": 64, "weight": 7}, {"bytes": 594, "weight": 4}, {"bytes": 1518, "weight": 1}]

Frame = Annotated[int, Size(60, 9000)]


class FrameSize(SectionModel):
    """A frame size and its weight in the mix.  Canonical: [bytes, weight]."""

    bytes: Frame
    weight: Annotated[int, Count(1, MILLION)]

    @model_serializer
    def _canonical(self) -> list[int]:
        return [self.bytes, self.weight]


def _sizes(given: object) -> object:
    """`imix` or one size as a list."""
    return IMIX if given == "imix" else [{"bytes": given, "weight": 1}] if isinstance(given, str) else given


def _distinct(sizes: list[FrameSize]) -> list[FrameSize]:
    frames = [size.bytes for size in sizes]
    for i, frame in enumerate(frames):
        if frame in frames[:i]:
            raise ChoiceError("is given twice", at=(i, "bytes"))
    return sizes


_List = Annotated[list[FrameSize], Field(min_length=1, max_length=8), AfterValidator(_distinct)]
Sizes = Annotated[_List, BeforeValidator(_sizes, json_schema_input_type=Literal["imix"] | Frame | _List)]


LOCAL, FORWARD, DROP = FATES


class Fates(SectionModel):
    """Shares of packets; missing ones are 0.  Canonical: in ppm, with the sum 1,000,000."""

    local: type_of(LOCAL) = meaning(LOCAL.meaning, LOCAL.default)  # type: ignore[valid-type]
    forward: type_of(FORWARD) = meaning(FORWARD.meaning, FORWARD.default)  # type: ignore[valid-type]
    drop: type_of(DROP) = meaning(DROP.meaning, DROP.default)  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _all_packets(self) -> Fates:
        total = self.local + self.forward + self.drop
        if total != MILLION:
            raise ChoiceError(f'add up to "{total / MILLION:g}", not to 1', known=tuple(Fates.model_fields))
        return self


def _above_zero(time: TimeForms) -> TimeForms:
    if not any(time.numbers.values()):
        raise ValueError("must be above zero")
    return time


class Stall(SectionModel):
    """Stalls of the reader.  Canonical: {every, for}, whichever of the two was written."""

    every: Annotated[RandomTime, AfterValidator(_above_zero)] | None = meaning(
        "from the end of one to the start of the next", None
    )
    period: Annotated[int, TIME] | None = meaning("instead of every: from start to start, where all are as long", None)
    for_: Annotated[RandomTime, AfterValidator(_above_zero)] = Field(alias="for", description="how long one lasts")

    @model_validator(mode="after")
    def _one_clock(self) -> Stall:
        if (self.every is None) == (self.period is None):
            raise ChoiceError('needs one of "every", from end to start, and "period", from start to start')
        if self.period is None:
            return self
        if self.for_.constant is None:
            raise ChoiceError('goes with stalls of one length: write "every" where "for" is random', at=("period",))
        if self.period <= self.for_.constant:
            raise ChoiceError(f'is not above for, "{TIME.shown(self.for_.constant)}"', at=("period",))
        return self

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        times = {"for": self.for_.model_dump()}
        if self.every is not None:
            return {"every": self.every.model_dump(), **times}
        return {"every": {"kind": "constant", "values": [(self.period or 0) - (self.for_.constant or 0)]}, **times}


StallOrNone = Annotated[
    Annotated[Literal["none"], Tag("<word>")] | Annotated[Stall, Tag("<times>")],
    Discriminator(lambda given: "<times>" if isinstance(given, dict | Stall) else "<word>"),
]


class ReaderSection(group("ReaderNumbers", {each.key.removeprefix("reader."): each for each in READER})):  # type: ignore[misc]
    """Defaults: a plain recv loop at 2 Mpps on another CPU that is awake 5 us after the packet, with the receive
    buffer of net.core.rmem_default."""

    cpu: Literal["same", "other"] = meaning(READER_CPU.meaning, READER_CPU.default)
    wakeup: RandomTime = meaning(WAKEUP.meaning, WAKEUP.default)
    stall: StallOrNone = meaning(PARAMETERS["traffic.reader.stall"].meaning, "none")


class Mix(Group):
    """A traffic mix."""

    arrivals: ArrivalProcess = meaning(ARRIVALS.meaning)
    sizes: Sizes = meaning(SIZES.meaning)
    fates: Fates = meaning(PARAMETERS["traffic.fates"].meaning)
    forward_path: Literal["kernel", "xdp"] = meaning(FORWARD_PATH.meaning, FORWARD_PATH.default)
    flows: type_of(FLOWS) = meaning(FLOWS.meaning, FLOWS.default)  # type: ignore[valid-type]
    reader: ReaderSection = meaning("", {})
    about: str | None = None

    @model_validator(mode="after")
    def _has_a_reader(self) -> Mix:
        if self.fates.local and "reader" not in self.model_fields_set:
            raise ChoiceError('has local packets and needs a "reader"', at=("fates",))
        return self
