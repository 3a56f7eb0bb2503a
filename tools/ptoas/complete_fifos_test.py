"""Flags and splits of FIFOs that leave them out."""

import pytest

from ptodsl.dialect import InitializeL2G2LPipeOp
from ptodsl.dialect.testing import fifo, parse_text, snippet
from tools.ptoas.complete_fifos import complete_fifos

POP = "pto.tpop(%e, %pipe : !entry, !pto.pipe) {split = SPLIT}"


def completed(body: str, functions: int = 1) -> list[tuple[int | None, bool]]:
    """Flag base and nosplit of all FIFOs, after the pass, in `functions` functions with the same body."""
    text = snippet(body)
    start = text.index("func.func")
    more = [text[start:].replace("@f", f"@f{number}") for number in range(1, functions)]
    module = parse_text("\n".join([text, *more]))
    complete_fifos(module)
    module.verify()
    fifos = [op for op in module.walk() if isinstance(op, InitializeL2G2LPipeOp)]
    return [(op.flag, op.nosplit is not None and bool(op.nosplit.value.data)) for op in fifos]


def without_flag(lines: str) -> str:
    return lines.replace(" flag_base = 0 : i32,", "")


def test_fifos_are_numbered_in_the_order_of_each_function() -> None:
    body = without_flag(fifo() + fifo(name="second") + fifo(name="third"))
    assert [flag for flag, _ in completed(body, functions=2)] == [0, 2, 4, 0, 2, 4]


def test_a_flag_base_that_is_given_stays() -> None:
    assert [flag for flag, _ in completed(fifo(flag_base=6) + fifo(name="second", flag_base=2))] == [6, 2]


@pytest.mark.parametrize(("split", "unsplit"), [(0, True), (1, False), (2, False)])
def test_a_fifo_is_unsplit_if_no_operation_splits_it(split: int, unsplit: bool) -> None:
    line = POP.replace("SPLIT", str(split))
    assert completed(f"{fifo()}{line}\n{line}") == [(0, unsplit)]


def test_a_fifo_that_is_not_used_counts_as_split() -> None:
    assert completed(fifo()) == [(0, False)]
