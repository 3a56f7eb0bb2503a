"""Forms of FIFOs, of global memory and of control that ptoas 0.48 reads, with the calls that it prints for them."""

from __future__ import annotations

from tools.ptoas.conformance.case import Case, accepts, refuses, vector_function

ACC = "!pto.tile_buf<acc, 32x64xf32, blayout=col_major, slayout=row_major, fractal=1024>"
MAT = "!pto.tile_buf<mat, 32x64xf32, blayout=col_major, slayout=row_major>"
VEC = "!pto.tile_buf<vec, 16x64xf32>"
WHOLE = "!pto.tile_buf<vec, 32x64xf32>"
VIEW, PART = "!pto.tensor_view<32x64xf32>", "!pto.partition_tensor_view<32x64xf32>"
COLUMN = "!pto.tile_buf<vec, 16x1xf32, blayout=col_major>"
INDICES = "".join(f"%c{n} = arith.constant {n} : index\n" for n in (0, 1, 8, 16, 32, 64))
NUMBERS = "dir_mask = 1, slot_size = 8192"


def _reserved(name: str, value: str, place: str, size: int = 65536) -> str:
    return (
        f'{value} = pto.reserve_buffer {{name = "{name}", size = {size}, location = #pto.address_space<{place}>, '
        "auto = true} -> i32\n"
    )


def _imported(name: str, value: str, peer: str) -> str:
    return f'{value} = pto.import_reserved_buffer {{name = "{name}", peer_func = @{peer}}} -> i32\n'


def _mixed(cube: str, vector: str) -> str:
    """A module with a function for each kind of core; the cube has a product, `%acc`."""
    return "".join(
        f"func.func @{name}(%gm: !pto.ptr<f32>) attributes {{pto.kernel_kind = #pto.kernel_kind<{kind}>}} {{\n"
        f"{INDICES}{body}\nreturn\n}}\n"
        for name, kind, body in (
            ("cube", "cube", f"%acc = pto.alloc_tile : {ACC}\n{cube}"),
            ("vec", "vector", vector),
        )
    )


def _by_core(numbers: str, operands: str, ring: tuple[str, str], steps: tuple[str, str]) -> str:
    """A FIFO of tiles that each core opens; `ring` is how each knows the consumer's place."""
    ends = [
        f"{known}pto.{core}_initialize_pipe {{{numbers}}} ({operands})\n{step}"
        for known, core, step in zip(ring, ("aic", "aiv"), steps, strict=True)
    ]
    return _mixed(*ends)


def _handle(numbers: str = "") -> str:
    return (
        f"%p = pto.initialize_l2g2l_pipe {{{NUMBERS}, slot_num = 8{numbers}}} (%gm : !pto.ptr<f32>, %b : i32) "
        "-> !pto.pipe\n"
    )


SLOTS = "gm_slot_buffer = %gm : !pto.ptr<f32>"
PLACES = f"{SLOTS}, c2v_consumer_buf = %b : i32"
TO_VECTOR = _imported("f", "%b", "vec"), _reserved("f", "%b", "vec")
PUSH, FREE = f"pto.tpush_to_aiv(%acc : {ACC}) {{split = 1}}", "pto.tfree_from_aic {split = 1}"
POP = f"%t = pto.tpop_from_aic {{split = 1}} -> {VEC}\n{FREE}"
DYNAMIC = f"%t = pto.tpop_from_aic(%c8, %c64) {{split = 1}} -> {VEC[:-1]}, valid=?x?>\n{FREE}"
BACK = f"pto.tpush_to_aic(%t : {VEC}) {{split = 1}}"
POP_BACK = f"%l = pto.tpop_from_aiv {{split = 1}} -> {MAT}\npto.tfree_from_aiv {{split = 1}}"
HANDLE_POP = f"%t = pto.declare_tile -> {VEC}\npto.tpop(%t, %p : {VEC}, !pto.pipe) {{split = 1}}"
SLICE = f"%s = pto.partition_view %e, offsets = [%c0, %c0], sizes = [%c32, %c64] : {VIEW} -> {PART}\n"
SLOT = f"%v = pto.make_tensor_view %gm, shape = [%c32, %c64], strides = [%c64, %c1] : {VIEW}\n"


def _in_gm(core: str) -> str:
    return f"{SLOT}pto.{core}_initialize_pipe {{{NUMBERS}}} (gm_slot_tensor = %v : {VIEW})\n"


IN_GM = _mixed(
    f"{_in_gm('aic')}%e = pto.talloc_to_aiv {{split = 0}} -> {VIEW}\n{SLICE}"
    f"pto.tstore ins(%acc : {ACC}) outs(%s : {PART})\npto.tpush_to_aiv(%e : {VIEW}) {{split = 0}}",
    f"{_in_gm('aiv')}%t = pto.alloc_tile : {WHOLE}\n%e = pto.tpop_from_aic {{split = 0}} -> {VIEW}\n{SLICE}"
    f"pto.tload ins(%s : {PART}) outs(%t : {WHOLE})\npto.tfree_from_aic(%e : {VIEW}) {{split = 0}}",
)
PIPE, BOTH = "TPipe<0, Direction::DIR_C2V, 8192, 8, 8, false>", "TPipe<0, Direction::DIR_BOTH, 8192, 4, 4, false>"

FIFOS = [
    accepts(
        "FIFO of tiles by core",
        _by_core(NUMBERS, PLACES, TO_VECTOR, (PUSH, POP)),
        f"{PIPE}(",
        f"TPUSH<{PIPE}, Tile<TileType::Acc",
        f"TPOP<{PIPE}, Tile<TileType::Vec",
        f"TFREE<{PIPE}, ",
    ),
    accepts(
        "popped tile of run-time valid sizes",
        _by_core(NUMBERS, f"c2v_consumer_buf = %b : i32, {SLOTS}", TO_VECTOR, (PUSH, DYNAMIC)),
        f"TPOP<{PIPE}, Tile<TileType::Vec, float, 16, 64, BLayout::RowMajor, -1, -1",
    ),
    accepts(
        "FIFOs of tiles both ways in one",
        _by_core(
            "dir_mask = 3, slot_size = 8192",
            f"{PLACES}, v2c_consumer_buf = %d : i32",
            (TO_VECTOR[0] + _reserved("g", "%d", "mat"), TO_VECTOR[1] + _imported("g", "%d", "cube")),
            (f"{PUSH}\n{POP_BACK}", f"{POP}\n{BACK}"),
        ),
        f"{BOTH}(",
        f"TPUSH<{BOTH}, ",
        f"TPOP<{BOTH}, Tile<TileType::Mat",
        f"TPOP<{BOTH}, Tile<TileType::Vec",
    ),
    accepts(
        "handle on a FIFO of tiles",
        _mixed(
            f"{TO_VECTOR[0]}{_handle(', local_slot_num = 2')}pto.tpush(%acc, %p : {ACC}, !pto.pipe) {{split = 1}}",
            f"{TO_VECTOR[1]}{_handle(', local_slot_num = 2')}{HANDLE_POP}\npto.tfree(%p : !pto.pipe) {{split = 1}}",
        ),
        "TPipe<0, Direction::DIR_C2V, 8192, 8, 2, false>(",
        "TPUSH<",
        "TPOP<",
        "TFREE<",
    ),
    accepts("FIFO with entries in GM by core", IN_GM, "TALLOC<", "TSTORE(", "TPUSH<", "TPOP<", "TLOAD(", "TFREE<"),
    refuses(
        "FIFO of tiles whose ring nobody reserves",
        _by_core(NUMBERS, PLACES, (TO_VECTOR[0], TO_VECTOR[0]), (PUSH, POP)),
    ),
    refuses(
        "FIFO of tiles split at one end only",
        _by_core(NUMBERS, PLACES, TO_VECTOR, (PUSH.replace("= 1", "= 0"), POP)),
    ),
]

EVENTS = (
    "[<TLOAD>, <TVEC>, <EVENT_ID0>]",
    "[#pto.pipe_event_type<TLOAD>, #pto.sync_op_type<TVEC>, #pto.event<EVENT_ID0>]",
)
EVENT_CALLS = ("set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0)", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0)")
MEMREF = "memref<16x64xf32, #pto.address_space<gm>>"

OTHERS = [
    *(
        accepts(
            f"events by operation {spelling}",
            vector_function(f"pto.record_event {spelling}\npto.wait_event {spelling}"),
            *EVENT_CALLS,
        )
        for spelling in EVENTS
    ),
    accepts("barrier by operation", vector_function("pto.barrier_sync [<TVEC>]"), "pipe_barrier(PIPE_V)"),
    accepts(
        "memref in GM",
        f"func.func @f(%m: {MEMREF}) attributes {{pto.kernel_kind = #pto.kernel_kind<vector>}} {{\n"
        f"%t = pto.alloc_tile : {VEC}\npto.tload ins(%m : {MEMREF}) outs(%t : {VEC})\n"
        f"pto.tstore ins(%t : {VEC}) outs(%m : {MEMREF})\nreturn\n}}\n",
        "TLOAD($t, ",
        "TSTORE(",
    ),
    *(
        Case(
            f"column-major {name}",
            vector_function(f"%a = pto.alloc_tile : {COLUMN}\npto.{name} ins({ins}) outs(%a : {COLUMN})"),
            accepted,
            [call] if accepted else [],
        )
        for name, ins, accepted, call in (
            ("tadds", f"%a, %x : {COLUMN}, f32", True, "TADDS($a, $a, $x)"),
            ("tneg", f"%a : {COLUMN}", True, "TNEG($a, $a)"),
            ("tadd", f"%a, %a : {COLUMN}, {COLUMN}", False, ""),
            ("texp", f"%a : {COLUMN}", False, ""),
        )
    ),
]

FORMS = [*FIFOS, *OTHERS]
