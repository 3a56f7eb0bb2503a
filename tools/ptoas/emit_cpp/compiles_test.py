"""The C++ of every operation compiles against the runtime's headers, for its core."""

import subprocess
from pathlib import Path

import pytest

from ptodsl.dialect.testing import VECTOR_USES, fifo, load_mat, store_acc
from tools.bisheng.host_source import host_source
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.assemble import Options, Sync
from tools.ptoas.testing import cpp

INCLUDE = Path("runtime/include")

WINDOW = "!pto.tile_buf<vec, 8x128xf32>"
DYNAMIC_WINDOW = "!pto.tile_buf<vec, 8x128xf32, valid=?x128>"

VECTOR = [
    *VECTOR_USES,
    "pto.tcvt ins(%vec {rmode = #pto<round_mode RINT>} : !vec) outs(%half : !half)",
    "pto.tcvt ins(%vec {sat_mode = #pto<saturation_mode ON>} : !vec) outs(%half : !half)",
    "pto.tmov ins(%vec : !vec) outs(%vec : !vec)",
    "pto.tload ins(%slice : !slice) outs(%vec : !vec)",
    "pto.tload ins(%slice : !slice) outs(%part : !part)",
    "pto.tstore ins(%vec : !vec) outs(%slice : !slice)",
    "%z = pto.treshape %rows : !rows -> !flat\npto.texp ins(%z : !flat) outs(%z : !flat)",
    f"%w = pto.subview %vec[%n, %c0] sizes [8, 128] : !vec -> {WINDOW}\n"
    f"pto.texp ins(%w : {WINDOW}) outs(%w : {WINDOW})",
    f"%w = pto.subview %vec[%c8, %c0] sizes [8, 128] valid [%n, %c128] : !vec -> {DYNAMIC_WINDOW}\n"
    f"pto.texp ins(%w : {DYNAMIC_WINDOW}) outs(%w : {DYNAMIC_WINDOW})",
    'pto.print ins("%f", %x : f32)',
    "%y = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32\npto.store_scalar %y, %p[%c1] : !pto.ptr<f32>, f32",
    "%i = pto.get_subblock_idx\n%j = pto.get_subblock_num",
    "pto.tprint ins(%vec : !vec)",
    fifo(dir_mask=1, slot_size=131072) + "pto.tpop(%e, %pipe : !entry, !pto.pipe) {split = 1}\n"
    "pto.tfree(%e, %pipe : !entry, !pto.pipe) {split = 1}",
]
"""Snippets for the vector core."""

CUBE = [
    load_mat("nd", "mat"),
    load_mat("dn", "matt"),
    store_acc("%p", "f32"),
    store_acc("%h", "f16"),
    "pto.tmov ins(%mat : !mat) outs(%left : !left)",
    "pto.tmov ins(%matt : !matt) outs(%right : !right)",
    "pto.textract ins(%mat, %c0, %c0 : !mat, index, index) outs(%left : !left)",
    "pto.tmatmul ins(%left, %right : !left, !right) outs(%acc : !acc)",
    "pto.tmatmul.acc ins(%acc, %left, %right : !acc, !left, !right) outs(%acc : !acc)",
    "pto.tmatmul.bias ins(%left, %right, %bias : !left, !right, !bias) outs(%acc : !acc)",
    "%i = pto.get_block_idx\n%j = pto.get_block_num\npto.set_ffts %ffts : memref<256xi64>",
    "pto.set_flag[<PIPE_MTE2>, <PIPE_MTE1>, <EVENT_ID0>]\npto.wait_flag[<PIPE_MTE2>, <PIPE_MTE1>, <EVENT_ID0>]",
    fifo(dir_mask=1) + "pto.talloc(%e, %pipe : !entry, !pto.pipe) {split = 1}\n"
    "pto.tpush(%e, %pipe : !entry, !pto.pipe) {split = 1}",
]
"""Snippets for the cube core."""

SCALARS = """
%a = arith.ceildivsi %m, %m : i64
%b1 = arith.minui %m, %a : i64
%c = arith.cmpi ult, %a, %b1 : i64
%d = arith.select %c, %a, %b1 : i64
%e1 = arith.sitofp %d : i64 to f32
%f1 = arith.maximumf %e1, %x : f32
%g = arith.truncf %f1 : f32 to f16
%big = arith.constant -1.0e30 : f32
%h1 = arith.cmpf olt, %f1, %big : f32
%r, %s = scf.for %i = %c0 to %n step %c1 iter_args(%u = %m, %v = %a) -> (i64, i64) {
  %t = scf.if %h1 -> (i64) {
    scf.yield %u : i64
  } else {
    scf.yield %v : i64
  }
  scf.yield %v, %t : i64, i64
}
pto.store_scalar %g, %h[%c0] : !pto.ptr<f16>, f16
"""


@pytest.mark.parametrize(
    ("kind", "guard", "snippets"),
    [("vector", "__DAV_VEC__", VECTOR), ("cube", "__DAV_CUBE__", CUBE)],
)
def test_compiles(kind: str, guard: str, snippets: list[str], tmp_path: Path) -> None:
    """All snippets of a core, a function each, in one compiler run."""
    parts = [cpp(body, kind, Options(Sync.BARRIER_ALL)) for body in [*snippets, SCALARS]]
    text = "\n".join(part.replace(" f(", f" f{number}(") for number, part in enumerate(parts))
    source = tmp_path / "all.cpp"
    source.write_text(host_source(text).text)
    command = [host_toolchain().cxx, "-std=c++17", "-fsyntax-only", f"-D{guard}", f"-I{INCLUDE}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:5000]
