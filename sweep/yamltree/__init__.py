# SPDX-License-Identifier: MIT
"""YAML with positions: the tree of a file, the position of every node, and mistakes that point there."""
