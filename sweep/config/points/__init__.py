# SPDX-License-Identifier: MIT
"""From axes, zips and lists of a sweep file to the parameters of every point."""
