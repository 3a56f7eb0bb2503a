"""Rules of flags between cores that a program sets itself."""

import pytest
from xdsl.dialects.builtin import IndexType
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import FFTS_MODE, SyncSetOp, SyncWaitOp
from ptodsl.dialect.testing import complaint


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pto.sync.set <PIPE_MTE3>, 16", "pto.sync.set: there is no flag 16: a block has 0 to 15"),
        ("pto.sync.wait <PIPE_MTE2>, -1", "pto.sync.wait: there is no flag -1: a block has 0 to 15"),
        (
            '"pto.sync.set"() <{pipe = #pto.pipe<PIPE_FIX>}> : () -> ()',
            "pto.sync.set: give the flag as a number or as an index, one of the two",
        ),
        (
            '"pto.sync.wait"(%m) <{pipe = #pto.pipe<PIPE_V>}> : (i64) -> ()',
            "pto.sync.wait: flag must be index, not i64; cast with arith.index_cast",
        ),
    ],
)
def test_refuses(body: str, message: str) -> None:
    assert complaint(body) == message


def test_constructors() -> None:
    known = SyncSetOp("PIPE_MTE3", 3, ffts_mode=1)
    known.verify()
    assert (known.number, known.mode) == (3, 1)
    computed = SyncSetOp("PIPE_MTE3", create_ssa_value(IndexType()))
    computed.verify()
    assert (computed.number, computed.mode) == (None, FFTS_MODE)
    SyncWaitOp("PIPE_MTE2", 15).verify()
