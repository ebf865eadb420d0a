# SPDX-License-Identifier: MIT
"""What the engine's speed is measured against: an empty loop, a NumPy lock-step version, a SimPy version."""
