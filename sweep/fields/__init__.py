# SPDX-License-Identifier: MIT
"""The ground floor: what each counter, metric, knob and column is, declared once and read by every other package."""
