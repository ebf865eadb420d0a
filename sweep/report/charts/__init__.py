# SPDX-License-Identifier: MIT
"""Vega-Lite specifications of the charts of a report."""
