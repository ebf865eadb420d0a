# SPDX-License-Identifier: MIT
"""The load: how packets arrive and how local ones are read, a file each."""
