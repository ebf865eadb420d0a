# SPDX-License-Identifier: MIT
"""Make the script of drawing libraries that a report carries: `python checks/libraries.py`, after a new vl-convert.

`tests/report/page/test_live_libraries.py` compares the file with what the installed vl-convert bundles.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import vl_convert

VEGA_LITE = "6.4"
FILE = Path(__file__).parents[1] / "sweep" / "report" / "page" / "libraries.js.gz"


def bundled() -> bytes:
    """Vega, Vega-Lite and Vega-Embed as one script that loads nothing."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)).encode()


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(bundled(), 9, mtime=0))
