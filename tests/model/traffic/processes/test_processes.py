# SPDX-License-Identifier: MIT
"""What every arrival process offers."""

from __future__ import annotations

import inspect

import pytest

from sweep.model.lane import prepare
from sweep.model.scenario import Arrivals, Distribution, Traffic
from sweep.model.traffic.processes import NAMES, process
from sweep.model.traffic.processes.protocol import BURST, UNITS, ArrivalProcess
from sweep.schema.parameters import arrivals_text
from tests.model.scenes import scenario
from tests.model.typed_modules import members

OF_A_MIX = {1, 4, 5, 6, 7, 8}  # numbers of properties in the keys of random streams that no process may take
EXAMPLES = {"random packets": Distribution("constant", (8,)), "share": 1_000_000}


def example(name: str) -> Arrivals:
    settings = ((setting.name, EXAMPLES[setting.kind]) for setting in process(name).SETTINGS)
    return Arrivals(name, tuple(sorted(settings)))


def mix(name: str) -> Traffic:
    return scenario(kind=name, settings=example(name).settings).traffic


def test_a_name_that_is_not_listed_is_refused() -> None:
    with pytest.raises(KeyError):
        process("protocol")


@pytest.mark.parametrize("name", NAMES)
def test_contract(name: str) -> None:
    """The names and arguments of the protocol; only a process that has a burst length has bursts."""
    module = process(name)
    for member in members(ArrivalProcess):
        asked = vars(ArrivalProcess)[member]
        if inspect.isfunction(asked):
            wanted = list(inspect.signature(asked).parameters)[1:]
            assert list(inspect.signature(getattr(module, member)).parameters) == wanted
    names = [setting.name for setting in module.SETTINGS]
    assert all(setting.kind in UNITS for setting in module.SETTINGS)
    assert (prepare.bursts(mix(name)) is not None) == (BURST in names)
    assert str(inspect.getdoc(module)).startswith(f"{name}: ")


def test_numbers_of_properties_are_used_once() -> None:
    numbers = [setting.property for name in NAMES for setting in process(name).SETTINGS]
    assert len(numbers) == len(set(numbers))
    assert not OF_A_MIX & set(numbers)


@pytest.mark.parametrize("name", NAMES)
def test_gaps_give_the_load(name: str) -> None:
    """A burst of n packets takes n mean gaps of the load: one drawn, n - 1 at the peak rate."""
    made = scenario(kind=name, settings=example(name).settings, load_ppm=200_000)
    inside, length = prepare.bursts(made.traffic), prepare.burst_mean(made.traffic)
    peak_ps = prepare.mean_gap_ps(made, inside.peak_ppm) if inside else 0
    (mean_ps,) = prepare.gap_distribution(made).values
    whole_ps = float(mean_ps + (length - 1) * peak_ps)
    assert whole_ps == pytest.approx(float(length * prepare.mean_gap_ps(made, 200_000)), rel=1e-9)


def test_text_of_the_table() -> None:
    assert [arrivals_text(example(name)) for name in NAMES] == [
        "poisson",
        "constant",
        "on_off(burst=8, peak=1)",
    ]
