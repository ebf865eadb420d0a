# SPDX-License-Identifier: MIT
"""Every declared parameter by its name in a sweep file; strategies declare their knobs in their own modules."""

from __future__ import annotations

from .host import COSTS, HARDWARE
from .kernel import KERNEL
from .nic import NIC
from .parameter import Parameter
from .scenario import SCENARIO
from .traffic import MIX, READER

PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter for parameter in (*SCENARIO, *KERNEL, *MIX, *READER, *NIC, *HARDWARE, *COSTS)
}
