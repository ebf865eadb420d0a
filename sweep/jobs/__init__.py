# SPDX-License-Identifier: MIT
"""Running a sweep: chunks of simulations, their workers and their files; nothing about pages or packets."""
