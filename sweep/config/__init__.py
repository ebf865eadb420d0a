# SPDX-License-Identifier: MIT
"""Sweep files: read, checked, resolved into a self-contained document, and from there into scenarios.

`source` reads YAML with places, `kinds` and `traffic` turn one value into canonical form, `short_forms`
expands lists, `parameters` is the table of all parameters, `sections` reads mixes, hosts and NICs, `library` finds
them, `overrides` is `--set`, `reading` gathers values and mistakes, `document` puts the document together, `sweep`
makes scenarios of it with `columns` for its constraints, `check` refuses impossible combinations, `editor` is the
JSON Schema.
"""

from .document import load
from .editor import json_schema
from .library import names
from .sweep import Axis, Sweep, from_document

__all__ = ["Axis", "Sweep", "from_document", "json_schema", "load", "names"]
