# SPDX-License-Identifier: MIT
"""What the machine does to a packet: caches, IOMMU, locks, and what the queues of a host do to each other."""
