# SPDX-License-Identifier: MIT
"""Every parameter that a sample may draw has its columns in the table, under the names that the report looks for."""

from sweep import schema
from sweep.config.parameters import parameters
from sweep.config.sample import is_crossed
from sweep.fields.parameters import PARAMETERS
from sweep.results.sample import columns_of


def test_every_axis_of_a_sample_has_columns():
    columns = set(schema.results_schema().names)
    axes = [name for name in parameters() if not is_crossed(name)]
    assert len(axes) > 60
    assert [name for name in axes if not columns.issuperset(columns_of(name))] == []
    assert [name for name in axes if name not in PARAMETERS] == []
