# SPDX-License-Identifier: MIT
"""The science: what one simulation of a NIC receive ring and its pages is.  NumPy and numba only."""
