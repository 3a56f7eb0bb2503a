"""Spellings that ptoas 0.48 reads or refuses, with the calls that it prints for them."""

from __future__ import annotations

from tools.ptoas.conformance.case import Case, accepts, cube_function, refuses, vector_function

TILE = "!pto.tile_buf<vec, 16x64xf32>"
HALF = "!pto.tile_buf<vec, 16x64xf16>"
WORD = "!pto.tile_buf<vec, 16x64xi16>"
LEFT = "!pto.tile_buf<left, 16x64xf16, blayout=col_major, slayout=row_major>"
TILES = f"%a = pto.alloc_tile : {TILE}\n%d = pto.alloc_tile : {TILE}\n%h = pto.alloc_tile : {HALF}\n"
INDICES = "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n%c64 = arith.constant 64 : index\n"
INDICES += "%c16 = arith.constant 16 : index\n"


def _cvt(attributes: str) -> str:
    return vector_function(f"{TILES}pto.tcvt ins(%a{attributes} : {TILE}) outs(%h : {HALF})")


def _view(strides: str, layout: str = "") -> str:
    """A load through a 64x16 view."""
    tile = "!pto.tile_buf<vec, 64x16xf32" + (", blayout=col_major>" if strides.startswith("%c1,") else ">")
    view, part = "!pto.tensor_view<64x16xf32>", "!pto.partition_tensor_view<64x16xf32>"
    return vector_function(
        f"{INDICES}%v = pto.make_tensor_view %p, shape = [%c64, %c16], strides = [{strides}]{layout} : {view}\n"
        f"%s = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c64, %c16] : {view} -> {part}\n"
        f"%t = pto.alloc_tile : {tile}\npto.tload ins(%s : {part}) outs(%t : {tile})"
    )


def _flags(arguments: str) -> str:
    return vector_function(f"pto.set_flag{arguments}\npto.wait_flag{arguments}")


FLAG_CALLS = ("set_flag(PIPE_MTE2, PIPE_V, EVENT_ID1)", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1)")


def _alloc(ty: str) -> str:
    return vector_function(f"%t = pto.alloc_tile : !pto.tile_buf<{ty}>")


def _several(count: int, number: str = "%c0") -> str:
    """One of `count` tiles under one name, and a use of it."""
    several = f"!pto.multi_tile_buf<vec, 16x64xf32, count={count}>"
    return vector_function(
        f"{INDICES}%m = pto.alloc_multi_tile : {several}\n%t = pto.multi_tile_get %m[{number}] : {several} -> {TILE}\n"
        f"pto.texp ins(%t : {TILE}) outs(%t : {TILE})"
    )


ADDRESS = vector_function(f"%o = arith.constant 0 : i64\n%t = pto.alloc_tile addr = %o : {TILE}")
PARTS = "8, 16, SLayout::NoneBox, 512, PadValue::Zero, CompactMode::Normal"
ROW_MAJOR_BOXES = "TileType::Left, half, 16, 64, BLayout::RowMajor"
KERNEL = f"func.func @f() {{\n%t = pto.alloc_tile : {TILE}\nreturn\n}}\n"

ROUNDINGS = [
    accepts(f"round mode {mode}", _cvt(f" {{rmode = #pto<round_mode {mode}>}}"), f"RoundMode::CAST_{cpp}")
    for mode, cpp in (
        ("NONE", "NONE"), ("RINT", "RINT"), ("ROUND", "ROUND"), ("FLOOR", "FLOOR"), ("CEIL", "CEIL"),
        ("TRUNC", "TRUNC"), ("ODD", "ODD"), ("CAST_RINT", "RINT"),
    )
]  # fmt: skip

SNIPPETS = [
    *ROUNDINGS,
    accepts("no round mode", _cvt(""), "TCVT($h, $a,"),
    accepts("saturation", _cvt(" {sat_mode = #pto<saturation_mode ON>}"), "SaturationMode::ON"),
    refuses("round mode in lower case", _cvt(" {rmode = #pto<round_mode rint>}")),
    refuses("round mode CAST_FLOOR", _cvt(" {rmode = #pto<round_mode CAST_FLOOR>}")),
    accepts("flags, short", _flags("[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID1>]"), *FLAG_CALLS),
    accepts("flags, full", _flags(" [#pto.pipe<PIPE_MTE2>, #pto.pipe<PIPE_V>, #pto.event<EVENT_ID1>]"), *FLAG_CALLS),
    accepts("flags, strings", _flags('["PIPE_MTE2", "PIPE_V", "EVENT_ID1"]'), *FLAG_CALLS),
    refuses("flags, bare words", _flags("[PIPE_MTE2, PIPE_V, EVENT_ID1]")),
    refuses("flag 8", _flags("[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID8>]")),
    accepts("barrier, short", vector_function("pto.barrier <PIPE_V>"), "pipe_barrier(PIPE_V)"),
    accepts("barrier, full", vector_function("pto.barrier #pto.pipe<PIPE_ALL>"), "pipe_barrier(PIPE_ALL)"),
    refuses("barrier, bare word", vector_function("pto.barrier PIPE_V")),
    refuses("pipe_barrier", vector_function("pto.pipe_barrier[PIPE_V]")),
    accepts(
        "scalars of global memory",
        vector_function(
            "%v = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32\npto.store_scalar %v, %p[%n] : !pto.ptr<f32>, f32"
        ),
        "float $v = v1[v2];",
        "v1[v2] = $v;",
        "pipe_barrier(PIPE_ALL)",
        "dcci(",
        "dsb(",
    ),
    refuses("value first in store_scalar", vector_function("pto.store_scalar %x, %p[%n] : f32, !pto.ptr<f32>")),
    accepts("print", vector_function('pto.print ins("x=%f", %x : f32)'), 'cce::printf("x=%f", v3)'),
    refuses("print of an index", vector_function('pto.print ins("x=%d", %n : index)')),
    accepts(
        "xor with scratch",
        vector_function(
            f"%a = pto.alloc_tile : {WORD}\n%t = pto.alloc_tile : {WORD}\n%d = pto.alloc_tile : {WORD}\n"
            f"pto.txor ins(%a, %a, %t : {WORD}, {WORD}, {WORD}) outs(%d : {WORD})"
        ),
        "TXOR($d, $a, $a, $t)",
    ),
    accepts(
        "subview",
        vector_function(
            f"{INDICES}{TILES}%s = pto.subview %a[%c1, %c16] sizes [8, 32] : {TILE} -> !pto.tile_buf<vec, 8x32xf32>\n"
            "pto.texp ins(%s : !pto.tile_buf<vec, 8x32xf32>) outs(%s : !pto.tile_buf<vec, 8x32xf32>)"
        ),
        "float, 16, 64, BLayout::RowMajor, 8, 32,",
        "TEXP($s, $s)",
    ),
    refuses("addr in the default level", ADDRESS),
    accepts("addr at level 3", ADDRESS, "TASSIGN($t,", options=["--pto-level=level3"]),
    accepts("short tile, any order", _alloc("vec,\n 16x64xf32 , pad = 1, valid=8x16, compact=1"), PARTS),
    refuses("tile with its parts changed", _alloc("16x64xf32, vec")),
    refuses("pad by name", _alloc("vec, 16x64xf32, pad=zero")),
    refuses("row of less than 32 bytes", _alloc("vec, 16x4xf32")),
    accepts("left tile in column order", cube_function(f"%t = pto.alloc_tile : {LEFT}"), ROW_MAJOR_BOXES),
    accepts("view by rows", _view("%c16, %c1"), "pto::Layout::ND", "TLOAD("),
    accepts("view by columns", _view("%c1, %c64"), "pto::Layout::DN", "TLOAD("),
    refuses("layout that contradicts", _view("%c16, %c1", " {layout = #pto.layout<dn>}")),
    accepts("comment at the end", vector_function("// } )") + "// the end }"),
    refuses("entry with a result", "func.func @f(%n: i64) -> i64 attributes {pto.entry} {\nreturn %n : i64\n}\n"),
    refuses(
        "entry that calls itself", "func.func @f() attributes {pto.entry} {\nfunc.call @f() : () -> ()\nreturn\n}\n"
    ),
    accepts(
        "two entries",
        "".join(f"func.func @{name}() attributes {{pto.entry}} {{\nreturn\n}}\n" for name in ("f", "g")),
        'extern "C" __global__ AICORE void f()',
        'extern "C" __global__ AICORE void g()',
    ),
    accepts(
        "external function",
        'func.func @f() attributes {pto.visibility = "external"} {\nreturn\n}\n',
        'extern "C" AICORE void f()',
    ),
    accepts("declared function", "func.func private @ext(i32) -> i32\n", 'extern "C" AICORE int32_t ext(int32_t)'),
    accepts("core from tiles", f"func.func @f() {{\n%t = pto.alloc_tile : {TILE}\nreturn\n}}\n", "AICORE void f()"),
    accepts(
        "generic form of tmov",
        vector_function(
            f'{TILES}"pto.tmov"(%a, %d) <{{operandSegmentSizes = array<i32: 1, 1, 0, 0>}}> : ({TILE}, {TILE}) -> ()'
        ),
        "TMOV($d, $a)",
    ),
    *(Case(f"{count} tiles under one name", _several(count), 2 <= count <= 16) for count in (1, 2, 16, 17)),
    accepts("one of several tiles", _several(2, "%c1"), "TASSIGN($t,"),
    accepts("one of several at run time", _several(3, "%n"), "uint64_t $a = (uint64_t) (", "TASSIGN($t, $a)"),
    refuses("a tile that is not there", _several(2, "%c16")),
]
