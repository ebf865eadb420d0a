# SPDX-License-Identifier: MIT
"""Sweep files that several tests use."""

MINIMAL = """\
strategy: page_allocator
traffic: router
ring: 1024
load: 0.3
"""

GRID = """\
axes:
  strategy: [page_allocator, page_pool]
  traffic: [router, host]
  ring: [256, 1024]
load: 0.3
"""

ZIP = """\
axes:
  strategy: [page_allocator, page_frag, page_pool]
  ring: [256, 1024]
zip:
  - {strategy.pool_size: [ring, 2*ring], label: [pool=ring, pool=2x]}
traffic: router
load: 0.3
"""


def column(sweep, name):
    """The canonical values of a parameter over the points."""
    return [sweep.value(point, name) for point in range(sweep.points)]
