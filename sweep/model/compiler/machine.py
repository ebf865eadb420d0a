# SPDX-License-Identifier: MIT
"""LLVM: from a module's text to machine code of this processor, and from that to something that can be called.

The only file that imports llvmlite, and only when it is needed: that takes a tenth of a second.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Any

OPTIMISATION = 2
_loaded: list[Any] = []  # keeps the memory of loaded kernels


@cache
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def processor() -> str:
    """What machine code depends on beside its source: LLVM's version, this processor's name and abilities."""
    llvm = _llvm()
    return f"{version('llvmlite')} {llvm.get_process_triple()} {llvm.get_host_cpu_name()} {_abilities()}"


def _abilities() -> str:
    return str(_llvm().get_host_cpu_features().flatten())


def object_code(text: str) -> bytes:
    """Machine code of this processor, as an object file."""
    llvm = _llvm()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_abilities(), opt=OPTIMISATION, reloc="pic", codemodel="small", jit=True
    )
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(target.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=OPTIMISATION)
    options.loop_vectorization = False
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))


@cache
def _linker() -> Any:
    return _llvm().create_lljit_compiler()


def callable_code(code: bytes, name: str) -> Callable[[Any], None]:
    """The function `name` of an object file, to be called with an address; other threads run meanwhile."""
    library = _llvm().JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(name)
    tracker = library.link(_linker(), f"kernel{len(_loaded)}")
    _loaded.append(tracker)
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(tracker[name])
