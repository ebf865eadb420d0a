# SPDX-License-Identifier: MIT
"""The section `precision:` of a sweep file: how narrow intervals have to be, and how many replicates that may take.

A half width is a share of a metric's mean, `0.5 %`, or for a ratio also an absolute difference, `0.1 pp`.  It is
that of the paired difference from the baseline; without `baseline:`, of the mean itself.  Intervals are looked at after
numbers of replicates that this section alone decides: `replicates`, then twice as many, up to `most_replicates`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from sweep import units
from sweep.config.models.quantities import ChoiceError, Count
from sweep.fields.declared import is_share
from sweep.fields.metrics import METRICS
from sweep.metric_names import alike, short_names, suggestion
from sweep.yamltree.source import Mistake, Place, shorten
from sweep.yamltree.validation import NULL, SectionModel, meaning

DEFAULT_FACTOR = 8  # times `replicates`: three doublings, half widths of about a third
MOST_REPLICATES = 1_000_000
FEWEST = 2  # replicates that show a spread
PERCENT, POINTS = "%", "pp"


class Target(NamedTuple):
    """The half width that the interval of a metric has to reach."""

    metric: str
    half_width: float  # a share of the mean if `relative`, else in the metric's unit
    relative: bool

    @property
    def text(self) -> str:
        """The target as a user would write it: "drop_ratio 0.1 pp"."""
        return f"{self.metric} {100 * self.half_width:g} {PERCENT if self.relative else POINTS}"


@dataclass(frozen=True)
class Precision:
    """The precision that is asked for, and the numbers of replicates at which it is checked."""

    targets: tuple[Target, ...]
    replicates: int  # that every point gets
    most_replicates: int  # that a point may get
    paired: bool  # of paired differences from the baseline; else of means

    @cached_property
    def looks(self) -> tuple[int, ...]:
        """Replicates at each look: `replicates`, twice as many, ..., `most_replicates`."""
        counts = [self.replicates]
        while counts[-1] < self.most_replicates:
            counts.append(min(2 * counts[-1], self.most_replicates))
        return tuple(counts)


def of_document(document: Mapping[str, Any]) -> Precision | None:
    """The precision that the document of a sweep asks for; None if it asks for none."""
    section = document.get("precision")
    if section is None:
        return None
    targets = (Target(name, width["half_width"], width["relative"]) for name, width in section["half_widths"].items())
    return Precision(tuple(targets), document["replicates"], section["most_replicates"], section["paired"])


class _HalfWidth:
    """Text such as "0.5 %" or "0.1 pp"; canonical: {half_width, relative}."""

    def __init__(self, *, is_ratio: bool) -> None:
        self.units = (PERCENT, POINTS) if is_ratio else (PERCENT,)
        self.example = f"0.1 {POINTS}" if is_ratio else f"0.5 {PERCENT}"

    def read(self, value: object) -> dict[str, float | bool]:
        """The canonical value of text such as "0.1 pp".  Errors: ValueError, PydanticKnownError."""
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        number, unit = units.split(value)
        if unit == POINTS and unit not in self.units:
            raise ValueError(f'is in percentage points, and only a ratio has these: write "{self.example}"')
        if unit not in self.units:
            problem = f'has the unit "{unit}"' if unit else "needs a unit"
            raise ValueError(f'{problem}: write "{self.example}"' + f' or "0.5 {PERCENT}"' * (POINTS in self.units))
        if not 0 < number < 100:
            raise ValueError(f'is {"too large" if number > 0 else "not above zero"}: write "{self.example}"')
        return {"half_width": float(number / 100), "relative": unit == PERCENT}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^[0-9][0-9._eE+-]* *({'|'.join(self.units)})$",
            "examples": [self.example],
        }


_NAMES = tuple(metric.name for metric in METRICS)
_SHORT = short_names(_NAMES)
_IN_FULL = {short: name for name, shorts in _SHORT.items() for short in shorts} | {name: name for name in _NAMES}


def in_full(name: str) -> str:
    """The metric that a key of the section stands for, or the key where it is no metric's."""
    return _IN_FULL.get(name, name)


def _schema(schema: dict[str, Any]) -> None:
    """Allow short names of metrics in the JSON schema too; editors complete only the full ones."""
    for is_ratio in (False, True):
        all_short_names = [
            short
            for name, short_names_of_metric in _SHORT.items()
            if is_share(name) == is_ratio
            for short in short_names_of_metric
        ]
        half_width_schema = _HalfWidth(is_ratio=is_ratio).__get_pydantic_json_schema__()
        schema.setdefault("patternProperties", {})[f"^({'|'.join(all_short_names)})$"] = half_width_schema


class _Section(SectionModel):
    """Canonical: {half_widths: {metric: {half_width, relative}}, most_replicates}."""

    model_config = ConfigDict(json_schema_extra=_schema)
    noun = "the metric"

    most_replicates: Annotated[int, Count(FEWEST, MOST_REPLICATES)] | None = meaning(
        f"replicates that a point may get; default: {DEFAULT_FACTOR} times replicates", None
    )

    @classmethod
    def unknown(cls, place: Place, what: str, key: str, known: tuple[str, ...]) -> Mistake:
        several = len(alike(key, _NAMES)) > 1
        message = f'{what} "{shorten(key)}" is {"a part of several names" if several else "not known"}.'
        return Mistake(place, message, known=known, near=lambda: suggestion(key, _NAMES, ["most_replicates"]))

    @model_validator(mode="before")
    @classmethod
    def _once(cls, given: object) -> object:
        """Refuse a metric that is given twice, under two of its names.  Errors: ChoiceError."""
        seen: dict[str, str] = {}
        for key in given if isinstance(given, dict) else ():
            first = seen.setdefault(in_full(key), key)
            if first != key:
                raise ChoiceError(f'is the half width of the metric that "{first}" is already', at=(key,))
        return given

    @model_validator(mode="after")
    def _any(self) -> _Section:
        if not self._widths():
            raise ChoiceError(f'names no metric: write "drop_ratio: 0.1 {POINTS}" or "ns_per_packet: 0.5 {PERCENT}"')
        return self

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        return {"half_widths": self._widths(), "most_replicates": self.most_replicates}

    def _widths(self) -> dict[str, Any]:
        return {name: value for name, value in self if name != "most_replicates" and value is not None}


_METRICS: Any = {
    metric.name: (
        Annotated[dict[str, Any], _HalfWidth(is_ratio=is_share(metric.name))] | None,
        Field(
            None,
            description=f"half width of the interval of: {metric.meaning}",
            validation_alias=AliasChoices(metric.name, *_SHORT[metric.name]),
        ),
    )
    for metric in METRICS
}
Section: Any = create_model("precision", __base__=_Section, **_METRICS)
PrecisionSection = Annotated[Section | None, BeforeValidator(lambda given: None if given is NULL else given)]
