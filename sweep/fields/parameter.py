# SPDX-License-Identifier: MIT
"""What a parameter is: a `Parameter` declares one, and everything that has to do with it reads the declaration.

The sweep file, its JSON Schema, the scenario, the kernel's record, the columns of the results, the data dictionary and
the reference pages are made from the tuples in `nic`, `host`, `traffic` and `scenario` of this package.  (The knobs of
a strategy are declared in its own module, as `Knob`.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

REQUIRED: Any = ...  # the default of a parameter that a sweep file must give
PACKETS, WINDOW = "packets", "window"  # what a parameter may decide


class Kind(NamedTuple):
    """How a value is written in a sweep file, the unit of the whole number that the model has for it, and the column's.

    A column in a unit of its own is float64: the nearest number to the exact one, so rounding it back in the model's
    unit gives the model's number, for all that parameters may be.
    """

    name: str
    unit: str  # of the model; "" for a count, whose parameter says what it counts
    suffix: str = ""  # of names in the model
    column_unit: str = ""  # of the column in the results, where it is not the model's
    scale: int = 1  # what the model has for 1 of the column's unit
    inverse: bool = False  # the model has the time for one of what the column has the rate of; 0 is no limit

    def column_value(self, value: int) -> float | None:
        """A number of the model in the unit of the column; None for a rate without a limit."""
        if not self.column_unit:
            return value
        if self.inverse:
            return self.scale / value if value else None
        return value / self.scale


COUNT = Kind("count", "")
TIME = Kind("time", "ps", "_ps", "ns", 1000)  # "1.3 ns"
USECS = Kind("microseconds", "ps", "_ps", "us", 10**6)  # a time; a plain number is in microseconds, as in ethtool
SIZE = Kind("size", "bytes", "_bytes")  # "512 KiB"
SHARE = Kind("share", "ppm", "_ppm", "1", 10**6)  # "30 %" or 0.3
MILLI = Kind("thousandths", "1e-3", "_milli", "1", 1000)  # 1.6
LINK = Kind("link speed", "ps", "_ps_per_byte", "Gbit/s", 8000, inverse=True)  # "10 Gbit/s": the time per byte
RATE = Kind("rate", "ps", "_ps", "Mpps", 10**6, inverse=True)  # "2 Mpps": the time per packet
RATE_LIMIT = Kind("rate limit", "ps", "_ps", "Mpps", 10**6, inverse=True)  # the same, or "none", which is 0
COUNT_OR_TIME = Kind("count or time", "")  # a number of packets, or the time in which they arrive
WORD = Kind("word", "1")  # one of some words, or a name: `sweep.config.parameters` says which
LAW = Kind("law", "1")  # what is random, or a list: `sweep.config.models` says how it is written


class Parameter(NamedTuple):
    """One parameter of a scenario, in the units of the model.

    `name` is what it is called from the sweep file to the table and the report.  What the model reads has another, the
    same in the scenario and in the kernel's record: `symbol`.
    """

    name: str  # as a sweep file has it: "ring", "nic.coalesce.usecs", "host.dma_sync"
    kind: Kind
    meaning: str
    within: tuple[int, int] = (0, 0)  # smallest and largest value allowed; of a word nothing
    unit: str = ""  # of a count: "packets", "frames", ...; "1" for a pure number
    default: Any = REQUIRED  # as it is written in a sweep file; None: it need not be said at all
    like: str = ""  # the parameter whose value it has where a file gives none
    model: str = ""  # its name in the model, where `symbol` is not made from `name`
    decides: str = ""  # PACKETS if another value brings other packets, WINDOW if it sets what counts
    in_the_loop: bool = True  # whether the kernel's record has it, if it is a number
    why: str = ""  # the reason for the largest, where it is not plain to see
    source: str = ""  # of the default or of the bounds

    @property
    def part(self) -> str:
        """What it belongs to: "nic", "host" or "traffic"; "" for the scenario itself."""
        return self.name.partition(".")[0] if "." in self.name else ""

    @property
    def key(self) -> str:
        """Its name within its part, the way to it in a file: "coalesce.usecs"."""
        return self.name.partition(".")[2] or self.name

    @property
    def symbol(self) -> str:
        """Its name in the model, with the model's unit at its end: "coalesce_ps", "rx_buffer_bytes"."""
        return self.model or self.key.replace(".", "_") + self.kind.suffix

    @property
    def path(self) -> str:
        """The way to it in a `Scenario`: "ring", "nic.coalesce_ps", "traffic.reader.read_ps"; not for a host's."""
        return ".".join([*filter(None, (self.part, "reader" * self.key.startswith("reader."))), self.symbol])

    @property
    def model_unit(self) -> str:
        """The unit of the model's number."""
        return self.unit or self.kind.unit

    @property
    def column_unit(self) -> str:
        """The unit of its column in the results."""
        return self.kind.column_unit or self.model_unit


def by_key(parameters: Iterable[Parameter]) -> dict[str, Parameter]:
    """Parameters of one part by their names within it."""
    return {parameter.key: parameter for parameter in parameters}
