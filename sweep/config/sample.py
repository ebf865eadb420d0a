# SPDX-License-Identifier: MIT
"""The section `sample:` of a sweep file: points of a space-filling design in place of the grid of the axes.

`{sobol: 256}` or `{latin_hypercube: 100}`, and a `seed` for another set of points.  Every axis is sampled but those of
the strategy (`strategy`, its knobs, `label`): these are crossed with the points in full, as zips are, because
strategies are compared in pairs at equal points.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, model_serializer, model_validator

from sweep.config.models.quantities import ChoiceError, Count
from sweep.grid import LABEL
from sweep.grid.design import FEWEST, METHODS, MOST
from sweep.yamltree.validation import NULL, SectionModel, meaning

Points = Annotated[int, Count(FEWEST, MOST)] | None


class SampleSection(SectionModel):
    """Canonical: {method, points, seed}."""

    noun = "the method"

    sobol: Points = meaning("points of Sobol's sequence, a power of two", None)
    latin_hypercube: Points = meaning("points of a Latin hypercube", None)
    seed: Annotated[int, Count(0, 2**63 - 1)] = meaning(
        "another set of points; not the seed of the chance in runs", "0"
    )

    @model_validator(mode="after")
    def _one(self) -> SampleSection:
        given = self._given()
        if len(given) != 1:
            problem = "has both methods" if given else "has no method"
            raise ChoiceError(f"{problem}: write {{sobol: 256}} or {{latin_hypercube: 100}}", tuple(METHODS))
        points = self.sobol
        if points is not None and points & (points - 1):
            below = 1 << points.bit_length() - 1
            near = tuple(str(power) for power in (below, 2 * below) if power <= MOST)
            raise ChoiceError("is no power of two, and only those fill the space evenly", near, at=("sobol",))
        return self

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        ((method, points),) = self._given().items()
        return {"method": method, "points": points, "seed": self.seed}

    def _given(self) -> dict[str, int]:
        return {name: points for name in METHODS if (points := getattr(self, name)) is not None}


def is_crossed(name: str) -> bool:
    """Whether an axis belongs to the strategy, and so is crossed with the points of a sample in full."""
    return name in ("strategy", LABEL) or name.startswith("strategy.")


Sample = Annotated[SampleSection | None, BeforeValidator(lambda given: None if given is NULL else given)]
