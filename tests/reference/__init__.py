# SPDX-License-Identifier: MIT
"""The plain reference (`simulation` and what it imports), and its comparison with the engine."""
