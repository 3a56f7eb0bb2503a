"""The C++ of the bug suite: one file, one entry for each kernel, so that it is compiled once."""

from __future__ import annotations

from sim.bugs import CASES

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
using E = GlobalTensor<half, pto::Shape<1, 1, 1, 16, 64>, pto::Stride<1024, 1024, 1024, 64, 1>, pto::Layout::ND>;
using F = GlobalTensor<half, pto::Shape<1, 1, 1, 32, 64>, pto::Stride<2048, 2048, 2048, 64, 1>, pto::Layout::ND>;
using P = TPipe<0, Direction::DIR_V2C, 4096, 8, 8, false>;
constexpr auto U = TileSplitAxis::TILE_UP_DOWN;
"""
TILES = (
    "T a, b, c; TASSIGN(a, 0); TASSIGN(b, 4096); TASSIGN(c, 8192); S s, t, s0; TASSIGN(s, 12288); TASSIGN(t, 13312);"
    " TASSIGN(s0, 0); K k; TASSIGN(k, 16384); R r, q; TASSIGN(r, 20480); TASSIGN(q, 20544); O o; TASSIGN(o, 20480);"
    " G gx(x), gy(y); G4 g4(x);"
)


def entry_name(number: int, *, mended: bool) -> str:
    """Return the entry of a case in the C++ of all."""
    return f"case{number}_{'mended' if mended else 'faulty'}"


def source() -> str:
    """Return the C++ of all kernels: one entry each."""
    parts = [TYPES]
    for number, case in enumerate(CASES):
        for mended in (False, True):
            body = case.kernel(mended=mended)
            if case.cores != "all":
                only = "if (get_subblockid() != 0) return;" if case.cores == "first" else ""
                body = f"#if defined(__DAV_VEC__)\n{only}\n{TILES}\n{body}\n#endif"
            head = f'extern "C" __global__ AICORE void {entry_name(number, mended=mended)}'
            parts.append(f"{head}(__gm__ float* x, __gm__ float* y, int64_t n) {{\n{body}\n}}\n")
    return "\n".join(parts)
