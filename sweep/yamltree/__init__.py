# SPDX-License-Identifier: MIT
"""YAML with places: what a file says, where it says it, and mistakes that point there."""
