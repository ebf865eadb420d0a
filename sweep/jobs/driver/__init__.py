# SPDX-License-Identifier: MIT
"""Handing out work and dealing with how it ends: the loop, the failure policy, the journal of attempts."""
