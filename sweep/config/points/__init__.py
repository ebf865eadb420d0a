# SPDX-License-Identifier: MIT
"""From axes, zips and explicit points of a sweep file to the parameters of every point."""
