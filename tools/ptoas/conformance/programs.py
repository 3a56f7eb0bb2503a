"""Functions, flags, scalars, arrays and views as ptoas 0.48 reads them, with the C++ that it prints for them."""

from __future__ import annotations

from tools.ptoas.conformance.case import Case, cube_function, vector_function

TILE, PART = "!pto.tile_buf<vec, 16x64xf32>", "!pto.partition_tensor_view<16x64xf32>"
VIEW = "!pto.tensor_view<16x64xf32>"
INDICES = "".join(f"%c{n} = arith.constant {n} : index\n" for n in (0, 1, 2, 8, 16, 64))
LOAD = (
    f"{INDICES}%v = pto.make_tensor_view %p, shape = [%c16, %c64], strides = [%c64, %c1] : {VIEW}\n"
    f"%s = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c16, %c64] : {VIEW} -> {PART}\n"
    f"%t = pto.alloc_tile : {TILE}\npto.tload ins(%s : {PART}) outs(%t : {TILE})\n"
)
STORE = f"pto.tstore ins(%t : {TILE}) outs(%s : {PART})"
GUARD, END = "#if defined(__DAV_VEC__)", "#endif"


def _plain(parameters: str, body: str = "", attributes: str = "", result: str = "") -> str:
    returned = "return" if not result else "return %r : " + result
    arrow = f" -> {result}" if result else ""
    return f"func.func @k({parameters}){arrow} {attributes} {{\n{body}\n{returned}\n}}\n"


FUNCTIONS = [
    Case("parameter types", _plain("%a: f16, %b: bf16, %c: i1, %d: i8, %e: i16, %f: ui32, %g: index"), True,
         ["AICORE void k(half v1, bfloat16_t v2, bool v3, int8_t v4, int16_t v5, uint32_t v6, int64_t v7)"]),
    Case("pointer in GM", _plain("%p: !pto.ptr<f32, gm>"), True, ["__gm__ float* v1"]),
    Case("private entry", "func.func private @k() attributes {pto.entry} {\nreturn\n}\n", True,
         ['extern "C" __global__ AICORE void k()']),
    Case("helper that returns a value",
         f'{_plain("%a: i32", "%r = arith.addi %a, %a : i32", "", "i32").replace("@k", "@h")}'
         f'{_plain("%a: i32", "%r = func.call @h(%a) : (i32) -> i32")}', True,
         ["AICORE int32_t h(int32_t v1)", "return v2;", "AICORE void k(int32_t v1)", "int32_t $r = h(v1);"]),
    *(Case(f"visibility {name}", _plain("", "", f'attributes {{pto.visibility = "{name}"}}'), True, ["AICORE void k()"])
      for name in ("internal", "private", "public")),
    Case("several sections", _plain("", "pto.section.vector {\n}\npto.section.cube {\n}\npto.section.vector {\n}"),
         True,
         [GUARD, END, "#if defined(__DAV_CUBE__)", END, GUARD, END]),
    Case("section in another one", _plain("", "pto.section.cube {\npto.section.vector {\n}\n}"), True,
         ["#if defined(__DAV_CUBE__)", GUARD, END, END]),
    Case("section in a kernel of its kind", vector_function("pto.section.vector {\n}"), True,
         [GUARD, GUARD, END, END]),
    Case("module for another device", 'module attributes {pto.target_arch = "a5", note} {\n' + _plain("") + "}\n", True,
         ["AICORE void k()"]),
    Case("attributes of unknown names", vector_function(f"{LOAD}{STORE} {{note, other = 1 : i32}}"), True, ["TSTORE("]),
    Case("types and attributes by other names",
         f"!T = {TILE}\n#v = #pto.pipe<PIPE_V>\n#kind = #pto.kernel_kind<vector>\n"
         "func.func @k() attributes {pto.kernel_kind = #kind} {\n%a = pto.alloc_tile : !T\n"
         "pto.texp ins(%a : !T) outs(%a : !T)\npto.barrier #v\nreturn\n}\n", True,
         [GUARD, "TEXP($a, $a);", "pipe_barrier(PIPE_V);"]),
    Case("locations of all kinds",
         '#loc1 = loc("a.py":1:2)\n#loc2 = loc("x"(#loc1))\nfunc.func @k(%a: i32 loc(#loc1)) {\n'
         '%r = arith.addi %a, %a : i32 loc(fused["b.py":1:2, #loc2])\nreturn loc(#loc)\n'
         "} loc(callsite(#loc1 at #loc2))\n#loc = loc(unknown)\n", True, ["int32_t $r = v1 + v1;"]),
]  # fmt: skip

FFTS = "%f: memref<256xi64>"


def _cross(flags: str, parameters: str = FFTS) -> str:
    return _plain(parameters, f"pto.set_ffts %f : memref<256xi64>\n{flags}")


FLAGS = [
    Case("computed flag",
         vector_function("pto.set_flag_dyn [#pto.pipe<PIPE_MTE2>, #pto.pipe<PIPE_V>, %n]\n"
                         "pto.wait_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %n]"), True,
         ["event_t $a = (event_t) v2;", "set_flag(PIPE_MTE2, PIPE_V, $a);", "event_t $b = (event_t) v2;",
          "wait_flag(PIPE_MTE2, PIPE_V, $b);"]),
    *(Case(f"barrier by operation {name}", cube_function(f"pto.barrier_sync [#pto.sync_op_type<{name}>]"), True,
           [f"pipe_barrier(PIPE_{pipe});"])
      for name, pipe in (("TLOAD", "MTE2"), ("TSTORE_ACC", "FIX"), ("TSTORE_VEC", "MTE3"), ("TMOV_M2L", "MTE1"),
                         ("TMOV_M2S", "FIX"), ("TMATMUL", "M"), ("TVECWAIT_EVENT", "V"))),
    Case("flag between cores",
         _cross("pto.sync.set #pto.pipe<PIPE_MTE3>, 3\npto.sync.wait #pto.pipe<PIPE_MTE2>, 3"), True,
         ["uint16_t $m = getFFTSMsg(FFTS_MODE_VAL, 3);", "ffts_cross_core_sync(PIPE_MTE3, $m);", "wait_flag_dev(3);"]),
    Case("flag between cores in a mode", _cross("pto.sync.set #pto.pipe<PIPE_FIX>, 3 {ffts_mode = 1 : i32}"), True,
         ["uint16_t $m = getFFTSMsg(1, 3);", "ffts_cross_core_sync(PIPE_FIX, $m);"]),
    Case("computed flag between cores",
         _cross("pto.sync.set #pto.pipe<PIPE_MTE3>, %n\npto.sync.wait #pto.pipe<PIPE_MTE2>, %n", f"{FFTS}, %n: index"),
         True, ["getFFTSMsg(FFTS_MODE_VAL, v2);", "wait_flag_dev(v2);"]),
    Case("flag between cores without the unit", _plain(FFTS, "pto.sync.set #pto.pipe<PIPE_MTE3>, 3"), False),
    Case("own flag beside those that are added",
         vector_function(f"{LOAD}pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]\n"
                         f"pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]\n"
                         f"pto.texp ins(%t : {TILE}) outs(%t : {TILE})\n{STORE}"), True,
         ["set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);", "TEXP(",
          "wait_flag(PIPE_V, PIPE_MTE3, "], options=["--enable-insert-sync"]),
]  # fmt: skip


def _scalar(operation: str, ty: str) -> Case:
    """A case of an operation on two arguments, or one, of a type."""
    count = 2 if "%b" in operation else 1
    parameters = ", ".join(f"%{name}: {ty}" for name in "ab"[:count])
    return Case(f"arith.{operation}", _plain(parameters, f"%r = arith.{operation}"), True)


SCALARS = [
    *(_scalar(f"{name} %a, %b : i32", "i32")
      for name in ("addi", "subi", "muli", "divsi", "remsi", "andi", "ori", "xori", "shli", "shrsi")),
    *(_scalar(f"{name} %a, %b : f32", "f32") for name in ("addf", "subf", "mulf", "divf")),
    *(_scalar(f"cmpi {name}, %a, %b : i32", "i32") for name in ("eq", "ne", "slt", "sle", "sgt", "sge")),
    _scalar("truncf %a : f32 to f16", "f32"),
    _scalar("extf %a : f16 to f32", "f16"),
    _scalar("sitofp %a : i32 to f32", "i32"),
    _scalar("fptosi %a : f32 to i32", "f32"),
    _scalar("index_cast %a : i32 to index", "i32"),
    _scalar("negf %a : f32", "f32"),
    Case("number with flags", _plain("%a: f32", "%r = arith.addf %a, %a fastmath<fast> : f32"), True),
    Case("pointer as a number",
         _plain("%p: !pto.ptr<f32>, %n: index", "%a = pto.ptrtoint %p : !pto.ptr<f32> -> i64\n"
                "%q = pto.inttoptr %a : i64 -> !pto.ptr<i32>\n"
                "%v = pto.load_scalar %q[%n] : !pto.ptr<i32> -> i32\npto.store_scalar %v, %q[%n] : !pto.ptr<i32>, i32"),
         True, ["reinterpret_cast<", "(v1);", "reinterpret_cast<__gm__ int32_t*>(", "int32_t $v = $q[v2];",
                "$q[v2] = $v;"]),
    Case("pointer of another type",
         _plain("%p: !pto.ptr<f32>", "%q = pto.castptr %p : !pto.ptr<f32> -> !pto.ptr<i32>"), False),
    Case("array of numbers",
         _plain("%i: i32, %n: index", f"{INDICES}%a = pto.declare_local_array -> !pto.local_array<4xi32>\n"
                "pto.local_array_set %a[%c0], %i : !pto.local_array<4xi32>, i32\n"
                "%v = pto.local_array_get %a[%n] : !pto.local_array<4xi32> -> i32"), True,
         ["int32_t $a[4];", "$a[", "] = v1;", "int32_t $v = $a[v2];"]),
    Case("number of a memref",
         _plain("%m: memref<256xf32, #pto.address_space<gm>>, %n: index",
                "%v = pto.load_scalar %m[%n] : memref<256xf32, #pto.address_space<gm>> -> f32"), True,
         ["float $v = v1[v2];"]),
]  # fmt: skip


def _view(shape: str, strides: str, ty: str, layout: str = "", part: str = "") -> str:
    """A view of %p, and all of it as a slice."""
    zeros = ", ".join(["%c0"] * len(shape.split(",")))
    return vector_function(
        f"{INDICES}%v = pto.make_tensor_view %p, shape = [{shape}], strides = [{strides}]{layout} : "
        f"!pto.tensor_view<{ty}xf32>\n%s = pto.partition_view %v, offsets = [{zeros}], sizes = [{part or shape}] : "
        f"!pto.tensor_view<{ty}xf32> -> !pto.partition_tensor_view<{ty.replace('?', '64')}xf32>"
    )


VIEWS = [
    *(Case(f"layout of {ty} with strides {strides}", _view(shape, strides, ty), True, [f"pto::Layout::{layout}>"])
      for shape, strides, ty, layout in (
          ("%c64, %c16", "%c1, %c64", "64x16", "DN"), ("%c64, %c1", "%c1, %c1", "64x1", "DN"),
          ("%c1, %c64", "%c64, %c1", "1x64", "ND"), ("%c64, %c1", "%c8, %c1", "64x1", "ND"),
          ("%c8, %c16", "%c1, %c16", "8x16", "ND"))),
    Case("layout that nothing contradicts", _view("%n, %c16", "%c1, %n", "?x16", " {layout = #pto.layout<dn>}",
                                                  "%c64, %c16"), True, ["pto::Layout::DN>"]),
    Case("layout of a pitched view", _view("%c8, %c16", "%c1, %c16", "8x16", " {layout = #pto.layout<dn>}"), False),
    Case("layout that is not inferred", _view("%c64, %c16", "%c1, %c64", "64x16"), True, ["pto::Layout::ND>"],
         options=["--disable-infer-layout"]),
]  # fmt: skip

PROGRAMS = [*FUNCTIONS, *FLAGS, *SCALARS, *VIEWS]
