# SPDX-License-Identifier: MIT
"""Kinds of values that a traffic mix is made of: distributions, arrivals, sizes, fates, stalls.

Source of `imix`: the simple IMIX, 7 : 4 : 1 frames of 64, 594 and 1518 bytes with FCS (RFC 6985 section 4 gives
the notation for such mixes; the seven-four-one mix is the one that testers ship under this name).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sweep import units
from sweep.model import quantiles
from sweep.model.scenario import Arrivals, Distribution
from sweep.model.traffic.arrivals import BURST_SHIFT

from .kinds import Kind, Quantity, Ratio, Shown, Whole, converted
from .source import Mistake, Node, unknown

IMIX = [[64, 7], [594, 4], [1518, 1]]
MOST_SIZES = 8
FRAME = Quantity(units.SIZE, 60, 9000)
WEIGHT = Whole(1, 1_000_000)

# The numbers of each kind of distribution, in the order of `scenario.Distribution.values`.
SHAPES = {
    "constant": ("value",),
    "exponential": ("mean",),
    "lognormal": ("median", "p99"),
    "uniform": ("low", "high"),
    "pareto": ("scale", "alpha"),
}


def one_form(node: Node, what: str, known: tuple[str, ...]) -> tuple[str, Node]:
    """The only pair of a mapping such as `{poisson: {}}`.  Errors: Mistake."""
    pairs = node.mapping(what)
    if len(pairs) != 1:
        raise Mistake(node.place, f"{what} takes exactly one of {', '.join(known)}.")
    ((form, inner),) = pairs.items()
    if form not in known:
        raise unknown(node.keys[form], f"{what}: the form", form, known)
    return form, inner


def fields(node: Node, what: str, names: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Node]:
    """The pairs of a mapping that has exactly these keys.  Errors: Mistake."""
    pairs = node.mapping(what)
    for key in pairs:
        if key not in names + optional:
            raise unknown(node.keys[key], f"{what}: the key", key, names + optional)
    missing = [name for name in names if name not in pairs]
    if missing:
        raise Mistake(node.place, f'{what} lacks "{missing[0]}".', known=names + optional)
    return pairs


@dataclass(frozen=True)
class Random(Kind):
    """A distribution of a quantity; a bare quantity is constant.  Canonical: {kind, values}."""

    quantity: Kind
    shift: int = 0  # the kernel samples in 2**-shift of the unit

    def parse(self, node: Node, what: str) -> dict[str, Any]:
        value = self._parse(node, what)
        scaled = [v if value["kind"] == "pareto" and i else v << self.shift for i, v in enumerate(value["values"])]
        try:
            quantiles.table(Distribution(value["kind"], tuple(scaled)))
        except (ValueError, OverflowError):
            most = self.quantity.shown(quantiles.LIMIT >> self.shift)
            raise Mistake(node.place, f'{what} "{self.shown(value)}" reaches beyond "{most}".') from None
        return value

    def _parse(self, node: Node, what: str) -> dict[str, Any]:
        if node.is_scalar:
            return {"kind": "constant", "values": [self.quantity.parse(node, what)]}
        form, inner = one_form(node, what, tuple(SHAPES))
        if form == "constant":
            return {"kind": form, "values": [self.quantity.parse(inner, what)]}
        what = f"{what}: {form}"
        pairs = fields(inner, what, SHAPES[form])
        values = [self._value(name, pairs[name], f"{what} {name}") for name in SHAPES[form]]
        if form in ("lognormal", "uniform") and values[0] > values[1]:
            low, high = SHAPES[form]
            raise Mistake(pairs[low].place, f'{what}: {low} "{pairs[low].text}" is above {high} "{pairs[high].text}".')
        if form != "uniform" and values[0] == 0:
            raise Mistake(inner.place, f"{what} needs a {SHAPES[form][0]} above zero.")
        return {"kind": form, "values": values}

    def _value(self, name: str, node: Node, what: str) -> int:
        if name != "alpha":
            value: int = self.quantity.parse(node, what)
            return value
        milli = converted(node, what, lambda text: round(units.number(text) * 1000))
        if not 1010 <= milli <= 100_000:
            raise Mistake(node.place, f'{what} "{node.text}" is not between 1.01 (the mean must exist) and 100.')
        return milli

    def shown(self, value: Any) -> Shown:
        shown = [
            f"{name}={number / 1000 if name == 'alpha' else self.quantity.shown(number)}"
            for name, number in zip(SHAPES[value["kind"]], value["values"], strict=True)
        ]
        return shown[0].partition("=")[2] if value["kind"] == "constant" else f"{value['kind']}({', '.join(shown)})"

    def schema(self) -> dict[str, Any]:
        quantity = self.quantity.schema()
        inner = {
            name: {"type": "number"} if name == "alpha" else quantity for names in SHAPES.values() for name in names
        }
        forms = {
            form: quantity if form == "constant" else _object({name: inner[name] for name in names}, names)
            for form, names in SHAPES.items()
        }
        return {"anyOf": [quantity, _one_of(forms)]}


TIME = Quantity(units.TIME, 0, 100 * units.PS_PER_SECOND)
RANDOM_TIME = Random(TIME)
RANDOM_LENGTH = Random(Whole(1, 1_000_000), BURST_SHIFT)


@dataclass(frozen=True)
class ArrivalProcess(Kind):
    """`{poisson: {}}`, `{constant: {}}` or `{on_off: {burst: ..., peak: 1.0}}`."""

    def parse(self, node: Node, what: str) -> dict[str, Any]:
        forms = ("poisson", "constant", "on_off")
        if node.is_scalar and node.text in forms[:2]:
            form, inner = node.text, Node(node.place, pairs={})
        else:
            form, inner = one_form(node, what, forms)
        if form != "on_off":
            if not inner.is_null:
                fields(inner, f"{what}: {form}", ())
            return {"kind": form, "burst": None, "peak_ppm": 0}
        pairs = fields(inner, f"{what}: on_off", ("burst",), ("peak",))
        peak = Ratio(1, 2 * units.MILLION).parse(pairs["peak"], f"{what}: peak") if "peak" in pairs else units.MILLION
        return {"kind": form, "burst": RANDOM_LENGTH.parse(pairs["burst"], f"{what}: burst"), "peak_ppm": peak}

    def schema(self) -> dict[str, Any]:
        on_off = _object({"burst": RANDOM_LENGTH.schema(), "peak": Ratio(1, 2 * units.MILLION).schema()}, ("burst",))
        empty = {"type": ["object", "null"], "maxProperties": 0}
        return {
            "anyOf": [
                {"enum": ["poisson", "constant"]},
                _one_of({"poisson": empty, "constant": empty, "on_off": on_off}),
            ]
        }


@dataclass(frozen=True)
class Sizes(Kind):
    """`imix`, one size, or a list of {bytes, weight}; frames with FCS.  Canonical: [[bytes, weight], ...]."""

    def parse(self, node: Node, what: str) -> list[list[int]]:
        if node.is_scalar:
            return [list(size) for size in IMIX] if node.text == "imix" else [[self._frame(node, what), 1]]
        items = node.sequence(what)
        if not 1 <= len(items) <= MOST_SIZES:
            raise Mistake(node.place, f"{what} takes 1 to {MOST_SIZES} sizes, not {len(items)}.")
        sizes: list[list[int]] = []
        for item in items:
            pairs = fields(item, what, ("bytes", "weight"))
            frame = self._frame(pairs["bytes"], f"{what}: bytes")
            if any(frame == other for other, _ in sizes):
                raise Mistake(pairs["bytes"].place, f'{what}: bytes "{pairs["bytes"].text}" is given twice.')
            sizes.append([frame, WEIGHT.parse(pairs["weight"], f"{what}: weight")])
        return sizes

    def _frame(self, node: Node, what: str) -> int:
        value: int = FRAME.parse(node, what)
        return value

    def schema(self) -> dict[str, Any]:
        size = _object({"bytes": FRAME.schema(), "weight": WEIGHT.schema()}, ("bytes", "weight"))
        listed = {"type": "array", "items": size, "minItems": 1, "maxItems": MOST_SIZES}
        return {"anyOf": [{"const": "imix"}, FRAME.schema(), listed]}


FATES = ("local", "forward", "drop")


@dataclass(frozen=True)
class Fates(Kind):
    """Shares of packets; missing ones are 0.  Canonical: {local, forward, drop} in ppm, with the sum 1,000,000."""

    def parse(self, node: Node, what: str) -> dict[str, int]:
        pairs = fields(node, what, (), FATES)
        share = Ratio(0, units.MILLION)
        fates = {name: share.parse(pairs[name], f"{what}: {name}") if name in pairs else 0 for name in FATES}
        total = sum(fates.values())
        if total != units.MILLION:
            raise Mistake(node.place, f'{what} add up to "{total / units.MILLION:g}", not to 1.', known=FATES)
        return fates

    def schema(self) -> dict[str, Any]:
        return _object({name: Ratio(0, units.MILLION).schema() for name in FATES}, ())


@dataclass(frozen=True)
class Stall(Kind):
    """`{every: ..., for: ...}`, distributions of times, or `none`.  Canonical: {every, for} or "none"."""

    def parse(self, node: Node, what: str) -> dict[str, Any] | str:
        if node.is_scalar and node.text == "none":
            return "none"
        pairs = fields(node, what, ("every", "for"))
        stall = {name: RANDOM_TIME.parse(pairs[name], f"{what}: {name}") for name in ("every", "for")}
        for name, parsed in stall.items():
            if not any(parsed["values"]):
                raise Mistake(pairs[name].place, f'{what}: {name} "{pairs[name].text}" must be above zero.')
        return stall

    def schema(self) -> dict[str, Any]:
        stall = _object({"every": RANDOM_TIME.schema(), "for": RANDOM_TIME.schema()}, ("every", "for"))
        return {"anyOf": [{"const": "none"}, stall]}


def distribution(value: dict[str, Any]) -> Distribution:
    """The scenario's object of a canonical distribution."""
    return Distribution(value["kind"], tuple(value["values"]))


def arrivals(value: dict[str, Any]) -> Arrivals:
    """The scenario's object of a canonical arrival process."""
    burst = value["burst"]
    return Arrivals(value["kind"], burst and distribution(burst), value["peak_ppm"])


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _one_of(forms: dict[str, Any]) -> dict[str, Any]:
    return {**_object(forms, ()), "minProperties": 1, "maxProperties": 1}
