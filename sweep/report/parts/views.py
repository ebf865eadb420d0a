# SPDX-License-Identifier: MIT
"""The views of a report's page: what is folded below the answer, one subject each, opened on demand."""

COMPARED = "Strategies compared"
DROPS = "Where packets are lost"
CPU = "CPU per packet, by part"
LATENCY = "Latency"
MEMORY = "Memory, and who holds the pages"
RINGS = "Rings and pools"
TRADES = "Trade-offs, and what matters"
CLAIMS = "Claims, and the verdict in words"
DATA = "Every point, method, and how to reproduce"
VIEWS = (COMPARED, DROPS, CPU, LATENCY, MEMORY, RINGS, TRADES, CLAIMS, DATA)  # in the order of the page
