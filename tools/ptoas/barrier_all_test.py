"""Where barrier-all puts its barriers."""

from ptodsl.dialect import BarrierOp
from ptodsl.dialect.testing import fifo, parse_text, snippet
from tools.ptoas.barrier_all import inject_barriers


def test_every_memory_operation_has_a_barrier_in_front() -> None:
    body = (
        "pto.tload ins(%slice : !slice) outs(%vec : !vec)\n"
        "scf.for %i = %c0 to %n step %c1 {\n"
        "pto.texp ins(%vec : !vec) outs(%vec : !vec)\n"
        "%r = pto.treshape %vec : !vec -> !vec\n"
        "}\n" + fifo() + "pto.tpop(%e, %pipe : !entry, !pto.pipe) {split = 1}\n"
        "%y = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32"
    )
    module = parse_text(snippet(body))
    inject_barriers(module)
    module.verify()
    ordered = [op.next_op.name for op in module.walk() if isinstance(op, BarrierOp) and op.next_op is not None]
    assert ordered == ["pto.tload", "pto.texp", "pto.tpop", "pto.load_scalar"]
