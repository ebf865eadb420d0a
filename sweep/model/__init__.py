# SPDX-License-Identifier: MIT
"""The model: the simulation of one NIC receive ring and its pages.  Imports NumPy, and in `compiler` llvmlite, only."""
