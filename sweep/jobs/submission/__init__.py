# SPDX-License-Identifier: MIT
"""A sweep as a job of a Ray cluster: sent there, started, and followed from afar."""
