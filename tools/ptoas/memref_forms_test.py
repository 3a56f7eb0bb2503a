"""Kernels whose global memory is memrefs print the same C++ as those with pointers and views."""

from __future__ import annotations

import pytest

from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError

TILE = "!pto.tile_buf<vec, 16x64xf32>"
SIZES = "%c16 = arith.constant 16 : index\n%c64 = arith.constant 64 : index\n%c128 = arith.constant 128 : index\n"


def kernel(parameter: str, source: str, view: str = "") -> str:
    """A vector kernel that doubles a tile; `view` makes `source` of the parameter `%m`."""
    return f"""
func.func @double(%m: {parameter}) attributes {{pto.entry}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  {SIZES}
  pto.section.vector {{
    %t = pto.alloc_tile : {TILE}
    {view}
    pto.tload ins({source}) outs(%t : {TILE})
    pto.tadd ins(%t, %t : {TILE}, {TILE}) outs(%t : {TILE})
    {view.replace("%v", "%w").replace("%s", "%u")}
    pto.tstore ins(%t : {TILE}) outs({source.replace("%s", "%u")})
  }}
  return
}}
"""


def pointer_kernel(pitch: int = 64) -> str:
    """The same with a pointer."""
    view, part = "!pto.tensor_view<16x64xf32>", "!pto.partition_tensor_view<16x64xf32>"
    return kernel(
        "!pto.ptr<f32>",
        f"%s : {part}",
        f"%v = pto.make_tensor_view %m, shape = [%c16, %c64], strides = [%c{pitch}, %c1] : {view}\n"
        f"%s = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c16, %c64] : {view} -> {part}",
    )


@pytest.mark.parametrize("sync", [Sync.NONE, Sync.INSERT])
@pytest.mark.parametrize(
    ("memref", "pitch"),
    [
        ("memref<16x64xf32>", 64),
        ("memref<16x64xf32, #pto.address_space<gm>>", 64),
        ("memref<16x64xf32, strided<[128, 1]>, #pto.address_space<gm>>", 128),
        ("memref<16x64xf32, strided<[64, 1]>>", 64),
    ],
)
def test_a_memref_is_a_pointer_and_a_view(memref: str, pitch: int, sync: Sync) -> None:
    printed = assemble(kernel(memref, f"%m : {memref}"), "test.mlir", Options(sync))
    assert printed == assemble(pointer_kernel(pitch), "test.mlir", Options(sync))


def fifo(parameter: str, view: str, slots: str) -> str:
    """A cube kernel that pushes an entry of a FIFO in `%m`."""
    entry = "!pto.tensor_view<32x64xf32>"
    return f"""
func.func @push(%m: {parameter}) attributes {{pto.kernel_kind = #pto.kernel_kind<cube>}} {{
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  {view}
  %p = pto.initialize_l2g2l_pipe {{dir_mask = 1, slot_size = 8192, slot_num = 8}} ({slots}) -> !pto.pipe
  %e = pto.declare_global -> {entry}
  pto.talloc(%e, %p : {entry}, !pto.pipe) {{split = 1}}
  pto.tpush(%e, %p : {entry}, !pto.pipe) {{split = 1}}
  return
}}
"""


def test_a_fifo_lies_in_a_memref() -> None:
    view = "%v = pto.make_tensor_view %m, shape = [%c32, %c64], strides = [%c64, %c1] : !pto.tensor_view<32x64xf32>"
    pointer = fifo("!pto.ptr<f32>", view, "%v : !pto.tensor_view<32x64xf32>")
    memref = fifo("memref<32x64xf32>", "", "%m : memref<32x64xf32>")
    assert assemble(memref, "test.mlir", Options()) == assemble(pointer, "test.mlir", Options())


def test_scalars_are_read_and_written_by_index() -> None:
    text = """
func.func @f(%m: T) attributes {pto.entry} {
  %i = arith.constant 3 : index
  pto.section.vector {
    %v = pto.load_scalar %m[%i] : T -> f32
    pto.store_scalar %v, %m[%i] : T, f32
  }
  return
}
"""
    as_memref = assemble(text.replace("T", "memref<?xf32, #pto.address_space<gm>>"), "test.mlir", Options())
    assert as_memref == assemble(text.replace("T", "!pto.ptr<f32>"), "test.mlir", Options())


def test_functions_pass_memrefs_on() -> None:
    text = """
func.func private @other(T)
func.func @f(%m: T) attributes {pto.entry} {
  func.call @other(%m) : (T) -> ()
  return
}
"""
    as_memref = assemble(text.replace("T", "memref<4xf32>"), "test.mlir", Options())
    assert as_memref == assemble(text.replace("T", "!pto.ptr<f32>"), "test.mlir", Options())


@pytest.mark.parametrize(
    "memref",
    ["memref<?x64xf32>", "memref<16x64xf32, strided<[?, 1]>>", "memref<16x64xf32, strided<[64, 1], offset: 4>>"],
)
def test_what_is_not_constant_cannot_be_transferred(memref: str) -> None:
    with pytest.raises(AssemblerError, match=r"test\.mlir:\d+:5: .*pto\.tload: memref<.*not constant: make a view"):
        assemble(kernel(memref, f"%m : {memref}"), "test.mlir", Options())


def test_memory_on_chip_is_no_pointer() -> None:
    memref = "memref<16x64xf32, #pto.address_space<vec>>"
    with pytest.raises(AssemblerError, match=r"pto\.tload: src must be a slice of GM"):
        assemble(kernel(memref, f"%m : {memref}"), "test.mlir", Options())
