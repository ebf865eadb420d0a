# SPDX-License-Identifier: MIT
"""The hardware: last-level cache, IOMMU, zone lock, and how the queues of a host slow each other."""
