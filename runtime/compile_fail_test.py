"""What the headers refuse to compile, and with which words."""

import subprocess
from pathlib import Path

import pytest

from tools.bisheng.host_toolchain import host_toolchain

INCLUDE = Path(__file__).parent / "include"

PRELUDE = """#include "pto/pto-inst.hpp"
using namespace pto;
template <typename T, int R, int C, BLayout B = BLayout::RowMajor>
using Vec = Tile<TileType::Vec, T, R, C, B>;
template <typename T, int R, int C>
using Mat = Tile<TileType::Mat, T, R, C, BLayout::ColMajor, R, C, SLayout::RowMajor>;
template <typename T, int R, int C>
using Left = Tile<TileType::Left, T, R, C, BLayout::RowMajor, R, C, SLayout::RowMajor>;
template <typename T, int R, int C>
using Right = Tile<TileType::Right, T, R, C, BLayout::RowMajor, R, C, SLayout::ColMajor>;
template <typename T, int R, int C>
using Acc = Tile<TileType::Acc, T, R, C, BLayout::ColMajor, R, C, SLayout::RowMajor, 1024>;
template <typename T, int R, int C>
using Gm = GlobalTensor<T, Shape<1, 1, 1, R, C>, Stride<R * C, R * C, R * C, C, 1>>;
using Pipe = TPipe<0, Direction::DIR_C2V, 64, 8>;
Vec<float, 32, 64> a, b;
Vec<float, 32, 1, BLayout::ColMajor> column;
Vec<float, 1, 64> row;
Vec<half, 32, 64> h;
Vec<int32_t, 32, 64> i;
Vec<int16_t, 32, 64> s;
Mat<half, 32, 64> mat;
Left<half, 32, 64> left;
Right<half, 64, 16> right;
Acc<float, 32, 16> acc;
Gm<float, 32, 64> gm(nullptr);
"""

GOOD = """TADD(a, a, b); TROWMAX(column, a, b); TROWEXPANDSUB(a, a, column); TCVT(h, a, RoundMode::CAST_RINT);
TPipe<9, Direction::DIR_V2C, 64, 14> deep(gm.data()); TPipe<0, Direction::DIR_V2C, 64, 3> odd(gm.data());
TMOV(left, mat); TMATMUL(acc, left, right); TLOAD(a, gm); TSTORE(gm, a); TAND(s, s, s); TCOLEXPANDADD(a, a, row);"""

ONE_ROW = """Tile<TileType::Left, half, 16, 64, BLayout::RowMajor, 1, 64, SLayout::RowMajor> l;
Tile<TileType::Acc, float, 16, 16, BLayout::ColMajor, 1, 16, SLayout::RowMajor, 1024> c;"""

REFUSED = {
    "TADD(a, a, mat);": "a vector operation works on vec tiles (TileType::Vec, in UB) only",
    "TADD(a, a, h);": "element-wise operands must have the same element type as the destination: TCVT converts",
    "TADD(a, a, column);": "element-wise operands must have the same valid rows and columns as the destination",
    "TAND(i, i, i);": "TAND does not exist for this element type",
    "TSQRT(i, i);": "TSQRT does not exist for this element type",
    "TEXP(i, i);": "TEXP does not exist for this element type",
    "Vec<bfloat16_t, 32, 64> e; TADD(e, e, e);": "TADD does not exist for this element type",
    "Mat<int8_t, 32, 32> m; Acc<int32_t, 32, 32> c; TMOV(m, c);": "moves to L1 as f16 or bf16",
    "Gm<half, 32, 16> g(nullptr); Acc<int32_t, 32, 16> c; TSTORE(g, c);": "TSTORE converts only from f32 acc tiles",
    "TROWMAX(row, a, b);": "a row reduction of [rows, cols] needs a destination of [rows, 1]",
    "TROWSUM(column, h, b);": "a row reduction keeps the element type: destination and source must have the same",
    "Vec<float, 8, 64> s; TROWMAX(column, a, s);": "the scratch of a row reduction must hold what the device",
    "Vec<float, 32, 256> x; Vec<float, 8, 64> s; TROWMAX(column, x, s);": "4 KiB in one piece for f32 sources of",
    "TCOLMAX(column, a);": "a column reduction of [rows, cols] needs a destination of [1, cols]",
    "TROWEXPANDSUB(a, a, row);": "a row broadcast needs one value per row: [rows, 1] for a destination of [rows, cols]",
    "TCOLEXPANDSUB(a, a, column);": "a column broadcast needs one value per column: row-major [1, cols]",
    "TCVT(h, row, RoundMode::CAST_RINT);": "TCVT needs a destination with the valid rows and columns of the source",
    "Vec<int8_t, 32, 64> b; TCVT(b, a, RoundMode::CAST_RINT);": (
        "the device has no conversion between these element types"
    ),
    "TMATMUL(acc, right, right);": "the first factor of a matmul must be a left tile (TileType::Left, in L0A)",
    "TMATMUL(acc, left, left);": "the second factor of a matmul must be a right tile (TileType::Right, in L0B)",
    "TMATMUL(a, left, right);": "the result of a matmul must be an acc tile (TileType::Acc, in L0C)",
    "Right<half, 32, 16> r; TMATMUL(acc, left, r);": "as many valid columns on the left as valid rows on the right",
    "Right<half, 64, 32> r; TMATMUL(acc, left, r);": "a matmul of [m, k] by [k, n] needs a result of [m, n]",
    "Right<float, 64, 16> r; TMATMUL(acc, left, r);": "both factors of a matmul must have the same element type",
    "Acc<int32_t, 32, 16> c; TMATMUL(c, left, right);": "a matmul multiplies f16, bf16 or f32 into f32, or i8 into i32",
    "Acc<int32_t, 32, 16> c; TMATMUL_ACC(acc, c, left, right);": "the result must have the type of the accumulator",
    f"{ONE_ROW} Tile<TileType::Bias, float, 1, 32> w; TGEMV_BIAS(c, l, right, w);": (
        "the bias of a result of [m, n] must be [1, n]"
    ),
    "TLOAD(left, gm);": "TLOAD fills vec or mat tiles: left, right and bias tiles come from a mat tile by TMOV",
    "TLOAD(h, gm);": "TLOAD does not convert: tile and global tensor must have the same element type",
    "TLOAD(a, b);": "TLOAD(dst, src) reads a GlobalTensor",
    "TSTORE(gm, mat);": "TSTORE writes vec or acc tiles to global memory",
    "TSTORE(gm, h);": "TSTORE converts only from f32 acc tiles to f16 or bf16: else the element types must be the same",
    "TMOV(mat, left);": "no such path: tiles move vec -> vec, mat -> left, right or bias, and acc -> mat",
    "Left<half, 64, 64> l; TEXTRACT(l, mat, 0, 0);": "TEXTRACT takes a part of its source",
    "TRESHAPE(row, a);": "TRESHAPE keeps the size in bytes: both tiles must have the same",
    "TRESHAPE(h, mat);": "TRESHAPE cannot move a tile to another on-chip memory: use TMOV",
    "Vec<float, 256, 256> v;": "the tile is larger than its on-chip memory",
    "Vec<half, 4096, 16> v;": "a vec tile has fewer than 4096 rows",
    "Mat<half, 15, 16> m;": "rows and columns of a boxed tile must be multiples of 16, the box size",
    "Tile<TileType::Acc, float, 16, 16> t;": "a left, right or acc tile has boxes (SLayout::RowMajor",
    "Tile<TileType::Vec, float, 8, 8, BLayout::RowMajor, 9, 8> t;": "the valid rows of a tile must be -1 (dynamic)",
    "Tile<TileType::Vec, float, 8, 8, BLayout::RowMajor, -1, -1> t(1, 2, 3);": "a tile is constructed from one size",
    "Shape<1, 1, 1, -1, -1> s(1);": "a shape or stride is constructed from one value per dynamic (-1) dimension",
    "Shape<1, 1, 8> s;": "a shape or stride of a GlobalTensor has five dimensions",
    "TPipe<0, Direction{4}, 64, 8> p(gm.data());": "a TPipe is Direction::DIR_C2V, Direction::DIR_V2C or",
    "TPipe<8, Direction::DIR_BOTH, 64, 8> p(gm.data());": "a TPipe must leave the flags 11 to 14 to SYNCALL",
    "TPipe<0, Direction::DIR_C2V, 64, 5> p(gm.data());": "a TPipe has an even number of slots, or 1 or 3",
    "TPipe<0, Direction::DIR_C2V, 64, 16> p(gm.data());": "a TPipe has at most 14 slots: its flags count to 15",
    "TPipe<15, Direction::DIR_C2V, 64, 8> p(gm.data());": "a TPipe uses two of the flags 0 to 15 for each direction",
    "TPipe<10, Direction::DIR_C2V, 64, 8> p(gm.data());": "a TPipe must leave the flags 11 to 14 to SYNCALL",
    "Pipe p(gm.data()); int n = 0; TPOP<Pipe, int, TileSplitAxis::TILE_UP_DOWN>(p, n);": (
        "entries of a FIFO are GlobalTensors, or tiles that are pushed and popped"
    ),
}


def check_syntax(directory: Path, statements: list[str]) -> tuple[int, str]:
    """Exit code and messages of the compiler for one function per statement."""
    functions = [f"void statement_{number}() {{ {statement} }}" for number, statement in enumerate(statements)]
    source = directory / "statements.cpp"
    source.write_text(PRELUDE + "\n".join(functions) + "\n", encoding="utf-8")
    toolchain = host_toolchain()
    limit = {"gcc": "-fmax-errors=0", "clang": "-ferror-limit=0"}[toolchain.kind]
    command = [toolchain.cxx, "-std=c++17", "-fsyntax-only", limit, "-Wno-psabi", f"-I{INCLUDE}", str(source)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    return result.returncode, result.stderr


def test_right_statements_compile(tmp_path: Path) -> None:
    assert check_syntax(tmp_path, [GOOD]) == (0, "")


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> str:
    code, text = check_syntax(tmp_path_factory.mktemp("refused"), list(REFUSED))
    assert code != 0
    return text


@pytest.mark.parametrize("statement", REFUSED)
def test_wrong_statements_are_refused_with_a_reason(messages: str, statement: str) -> None:
    assert REFUSED[statement] in messages
