# SPDX-License-Identifier: MIT
"""Models of arrival processes, made from the settings that each process's file declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, create_model, model_serializer

from sweep.fields.scenario import SERIAL
from sweep.model.scenario import Arrivals
from sweep.model.traffic.processes import NAMES, process
from sweep.model.traffic.processes.protocol import Setting
from sweep.units import MILLION
from sweep.yamltree.validation import NULL, Forms, SectionModel, meaning

from .distributions import RandomLength, distribution
from .quantities import Share

KINDS: dict[str, Any] = {"random packets": RandomLength, "share": Annotated[int, Share(1, MILLION, SERIAL)]}


class Nothing(SectionModel):
    """No settings."""


Empty = Annotated[Nothing, BeforeValidator(lambda given: {} if given is NULL else given)]


class _Forms(Forms):
    """Canonical: {kind, settings}, these by name."""

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        kind, part = self.form
        return {"kind": kind, "settings": part.model_dump()}


def _field(setting: Setting) -> tuple[Any, Any]:
    """A setting as pydantic wants it: its type, its default and its meaning."""
    default = setting.default or ...
    return KINDS[setting.kind], meaning(setting.meaning, default) if setting.meaning else default


def _part(name: str) -> Any:
    """What may stand below the name of one process."""
    settings = process(name).SETTINGS
    if not settings:
        return Empty
    title = "".join(word.capitalize() for word in name.split("_"))
    fields: dict[str, Any] = {setting.name: _field(setting) for setting in settings}
    return create_model(title, __base__=SectionModel, __module__=__name__, **fields)


if TYPE_CHECKING:
    ArrivalForms = _Forms
else:
    ArrivalForms = create_model(
        "ArrivalForms",
        __base__=_Forms,
        __module__=__name__,
        __doc__=_Forms.__doc__,
        **{name: (_part(name) | None, None) for name in NAMES},
    )
# Those that need no settings; they may be written as a word.
WORDS = tuple(name for name in NAMES if all(setting.default for setting in process(name).SETTINGS))


def _form(given: object) -> object:
    """A word is a form without settings."""
    return {given: {}} if isinstance(given, str) else given


Written: Any = Literal[WORDS] | ArrivalForms
ArrivalProcess = Annotated[ArrivalForms, BeforeValidator(_form, json_schema_input_type=Written)]


def arrivals(value: dict[str, Any]) -> Arrivals:
    """The scenario's object of a canonical arrival process."""
    plain = ((name, distribution(each) if isinstance(each, dict) else each) for name, each in value["settings"].items())
    return Arrivals(value["kind"], tuple(sorted(plain)))
