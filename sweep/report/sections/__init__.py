# SPDX-License-Identifier: MIT
"""The sections of a report, one file each."""
