# SPDX-License-Identifier: MIT
"""What is counted and when: the measured window, episodes, histograms, time series, and the laws that counters obey."""
