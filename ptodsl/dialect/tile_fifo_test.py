"""FIFOs of tiles: what is read is what is printed, and what each operation refuses."""

from __future__ import annotations

import pytest

from ptodsl.dialect.testing import ALIASES, complaint, parse_text, print_text, snippet

VEC = "!pto.tile_buf<vec, 16x64xf32>"
INIT = "pto.aiv_initialize_pipe {dir_mask = 1, slot_size = 8192} (gm_slot_buffer = %p : !pto.ptr<f32>, "
RING = "%r = arith.constant 0 : i32\n"


@pytest.mark.parametrize(
    "line",
    [
        '%at = pto.reserve_buffer {name = "f", size = 65536, location = #pto.address_space<vec>, auto = true} -> i32',
        '%at = pto.reserve_buffer {name = "f", size = 64, location = #pto.address_space<mat>, auto = false, base = 32} '
        "-> i32",
        '%at = pto.import_reserved_buffer {name = "f", peer_func = @vec} -> i32',
        f"{INIT}c2v_consumer_buf = %r : i32, v2c_consumer_buf = %r : i32)",
        f"{INIT.replace('{dir', '{id = 3, dir').replace('8192', '8192, slot_num = 4, local_slot_num = 2')}"
        "c2v_consumer_buf = %r : i32)",
        "pto.tpush_to_aic(%small : !small) {split = 1}",
        "pto.tpush_to_aic(%small : !small) {id = 3, split = 2}",
        f"%t = pto.tpop_from_aic {{split = 1}} -> {VEC}",
        f"%t = pto.tpop_from_aic(%n, %n) {{split = 1}} -> {VEC[:-1]}, valid=?x?>",
        "pto.tfree_from_aic {split = 0}",
        f"{INIT.replace('= 1,', '= 3,')}c2v_consumer_buf = %r : i32, v2c_consumer_buf = %r : i32)",
        "pto.aiv_initialize_pipe {dir_mask = 1, slot_size = 8192} (gm_slot_tensor = %view : !view)",
        "%e = pto.talloc_to_aic {split = 1} -> !view",
        "pto.tpush_to_aic(%view : !view) {split = 1}",
        "%e = pto.tpop_from_aic {split = 1} -> !view",
        "pto.tfree_from_aic(%view : !view) {split = 1}",
        f"%t = pto.declare_tile -> {VEC}",
    ],
)
def test_prints_what_it_reads(line: str) -> None:
    text = print_text(parse_text(snippet(RING + line)))
    assert print_text(parse_text(text)) == text
    for alias in ("small", "view"):
        line = line.replace(f"!{alias}", ALIASES[alias])
    assert line.removesuffix(line[line.find(" -> !") :] if " -> !" in line else "") in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '%at = pto.reserve_buffer {name = "f", size = 64, location = #pto.address_space<acc>, auto = true} -> i32',
            "pto.reserve_buffer: location must be vec (UB) or mat (L1), not acc",
        ),
        (
            '%at = pto.reserve_buffer {name = "f", size = 0, location = #pto.address_space<vec>, auto = true} -> i32',
            "pto.reserve_buffer: size must be 1 to 196608 bytes, which UB has, not 0",
        ),
        (
            '%at = pto.reserve_buffer {name = "f", size = 64, location = #pto.address_space<vec>, auto = false} -> i32',
            "pto.reserve_buffer: auto = false needs base, the byte offset in UB",
        ),
        (
            f"{INIT.replace('= 1,', '= 4,')}c2v_consumer_buf = %r : i32)",
            "pto.aiv_initialize_pipe: dir_mask must be 1 (cube to vector), 2 (vector to cube) or 3 (both), not 4",
        ),
        (
            f"{INIT.replace('= 1,', '= 3,')}c2v_consumer_buf = %r : i32)",
            "pto.aiv_initialize_pipe: dir_mask = 3 needs v2c_consumer_buf, the consumer's ring",
        ),
        (
            "pto.aiv_initialize_pipe {dir_mask = 1, slot_size = 8192, local_slot_num = 2} (gm_slot_tensor = %view : "
            "!view)",
            "pto.aiv_initialize_pipe: with gm_slot_tensor there are no other operands and no local_slot_num",
        ),
        (
            f"{INIT}v2c_consumer_buf = %r : i32)",
            "pto.aiv_initialize_pipe: dir_mask = 1 needs c2v_consumer_buf, the consumer's ring",
        ),
        (
            f"{INIT.replace('8192', '8192, slot_num = 5')}c2v_consumer_buf = %r : i32)",
            "pto.aiv_initialize_pipe: slots are given back 2 at a time, which does not divide slot_num = 5, so that a "
            "slot would be overwritten while it is read; use an even number, or 1 or 3",
        ),
        (
            "pto.tpush_to_aic(%small : !small) {split = 4}",
            "pto.tpush_to_aic: split must be 0 (none), 1 (up/down) or 2 (left/right), not 4",
        ),
        (
            "pto.tpush_to_aic(%mat : !mat) {split = 1}",
            "pto.tpush_to_aic: src must be in vec (UB), not in mat (L1)",
        ),
        (
            "%t = pto.tpop_from_aic {split = 1} -> !mat",
            "pto.tpop_from_aic: the tile must be in vec, not in mat",
        ),
        (
            f"%t = pto.tpop_from_aic {{split = 1}} -> {VEC[:-1]}, valid=?x?>",
            "pto.tpop_from_aic: the valid rows and columns are both given, and `?` in the type, or neither",
        ),
    ],
)
def test_rejects(line: str, message: str) -> None:
    assert complaint(RING + line) == message
