# SPDX-License-Identifier: MIT
"""The sections of a report, a file each."""
