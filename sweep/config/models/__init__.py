# SPDX-License-Identifier: MIT
"""Pydantic models of the sections of a sweep file: traffic mixes, NICs, hosts, distributions, and their quantities."""
