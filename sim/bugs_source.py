"""The texts of the bug suite: one C++ with an entry for each kernel, so that it is compiled once, and modules."""

from __future__ import annotations

from collections.abc import Sequence

from sim.bugs_case import Case, Check, Language
from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.parse import parse_module
from tools.ptoas.verify import verify_module

TYPES = """#include "pto/pto-inst.hpp"
using namespace pto;
using T = Tile<TileType::Vec, float, 16, 64, BLayout::RowMajor, 16, 64>;
using S = Tile<TileType::Vec, float, 4, 64, BLayout::RowMajor, 4, 64>;
using K = Tile<TileType::Vec, float, 8, 128, BLayout::RowMajor, 8, 128>;
using R = Tile<TileType::Vec, float, 16, 1, BLayout::ColMajor, 16, 1>;
using O = Tile<TileType::Vec, float, 8, 1, BLayout::ColMajor, 8, 1>;
using H = Tile<TileType::Vec, half, 16, 64, BLayout::RowMajor, 16, 64>;
using M = Tile<TileType::Mat, half, 32, 64, BLayout::ColMajor, 32, 64, SLayout::RowMajor, 512>;
using G = GlobalTensor<float, pto::Shape<1, 1, 1, 16, 64>, pto::Stride<1024, 1024, 1024, 64, 1>, pto::Layout::ND>;
using G4 = GlobalTensor<float, pto::Shape<1, 1, 1, 4, 64>, pto::Stride<256, 256, 256, 64, 1>, pto::Layout::ND>;
using FarStride = pto::Stride<1, 1, 1, -1, 1>;
using Far = GlobalTensor<float, pto::Shape<1, 1, 1, 16, 64>, FarStride, pto::Layout::ND>;
using Columns = GlobalTensor<float, pto::Shape<1, 1, 1, 4, 64>, pto::Stride<1, 1, 1, 256, 1>, pto::Layout::ND>;
using W = Tile<TileType::Vec, float, 4, 16, BLayout::RowMajor, 4, 16>;
using Bare = Tile<TileType::Vec, float, 4, 16, BLayout::RowMajor, 4, 13>;
using Padded = Tile<TileType::Vec, float, 4, 16, BLayout::RowMajor, 4, 13, SLayout::NoneBox, 512, PadValue::Zero>;
using G13 = GlobalTensor<float, pto::Shape<1, 1, 1, 4, 13>, pto::Stride<64, 64, 64, 16, 1>, pto::Layout::ND>;
using E = GlobalTensor<half, pto::Shape<1, 1, 1, 16, 64>, pto::Stride<1024, 1024, 1024, 64, 1>, pto::Layout::ND>;
using F = GlobalTensor<half, pto::Shape<1, 1, 1, 32, 64>, pto::Stride<2048, 2048, 2048, 64, 1>, pto::Layout::ND>;
using P = TPipe<0, Direction::DIR_V2C, 4096, 8, 8, false>;
using L1A = Tile<TileType::Mat, half, 32, 64, BLayout::ColMajor, 32, 64, SLayout::RowMajor, 512>;
using L1B = Tile<TileType::Mat, half, 64, 32, BLayout::ColMajor, 64, 32, SLayout::RowMajor, 512>;
using L0A = Tile<TileType::Left, half, 32, 64, BLayout::RowMajor, 32, 64, SLayout::RowMajor, 512>;
using L0B = Tile<TileType::Right, half, 64, 32, BLayout::RowMajor, 64, 32, SLayout::ColMajor, 512>;
using L0C = Tile<TileType::Acc, float, 32, 32, BLayout::ColMajor, 32, 32, SLayout::RowMajor, 1024>;
using GA = GlobalTensor<half, pto::Shape<1, 1, 1, 32, 64>, pto::Stride<2048, 2048, 2048, 64, 1>, pto::Layout::ND>;
using GB = GlobalTensor<half, pto::Shape<1, 1, 1, 64, 32>, pto::Stride<2048, 2048, 2048, 32, 1>, pto::Layout::ND>;
using GC = GlobalTensor<float, pto::Shape<1, 1, 1, 32, 32>, pto::Stride<1024, 1024, 1024, 32, 1>, pto::Layout::ND>;
constexpr auto U = TileSplitAxis::TILE_UP_DOWN;
"""
TILES = (
    "T a, b, c; TASSIGN(a, 0); TASSIGN(b, 4096); TASSIGN(c, 8192); S s, t, s0; TASSIGN(s, 12288); TASSIGN(t, 13312);"
    " TASSIGN(s0, 0); K k; TASSIGN(k, 16384); R r, q; TASSIGN(r, 20480); TASSIGN(q, 20544); O o; TASSIGN(o, 20480);"
    " W w; TASSIGN(w, 24576); Bare bare; TASSIGN(bare, 24576); Padded padded; TASSIGN(padded, 24576);"
    " G gx(x), gy(y); G4 g4(x); G13 g13(x);"
)


def entry_name(number: int, *, mended: bool) -> str:
    """Return the entry of a case in the C++ of all."""
    return f"case{number}_{'mended' if mended else 'faulty'}"


def source(cases: Sequence[Case]) -> str:
    """Return the C++ of all kernels that are written in it: one entry each, by their numbers in `cases`."""
    parts = [TYPES]
    for number, case in enumerate(cases):
        if case.language is Language.CPP:
            parts += [_entry(case, number, mended=mended) for mended in (False, True)]
    return "\n".join(parts)


def _entry(case: Case, number: int, *, mended: bool) -> str:
    body = case.kernel(mended=mended)
    if case.cores != "all":
        only = "if (get_subblockid() != 0) return;" if case.cores == "first" else ""
        body = f"#if defined(__DAV_VEC__)\n{only}\n{TILES}\n{body}\n#endif"
    head = f'extern "C" __global__ AICORE void {entry_name(number, mended=mended)}'
    return f"{head}(__gm__ float* x, __gm__ float* y, int64_t n) {{\n{body}\n}}\n"


def refusal(text: str, sync: Sync) -> str:
    """Return who refuses a module and what for, empty if it is assembled."""
    try:
        parsed = parse_module(text, "case.mlir")
    except AssemblerError as error:
        return f"{Check.VERIFIER.value}: {error}"
    if errors := list(verify_module(parsed.module)):
        return f"{Check.VERIFIER.value}: {parsed.diagnose(errors[0])}"
    try:
        assemble(text, "case.mlir", Options(sync))
    except AssemblerError as error:
        return f"{Check.ASSEMBLER.value}: {error}"
    return ""


def module(case: Case, number: int, *, mended: bool) -> str:
    """Return the functions of one of the two kernels of a case in MLIR."""
    return case.kernel(mended=mended).replace("NAME", entry_name(number, mended=mended))
