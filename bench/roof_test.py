"""The best of some products is kept, and looking costs no more than a product now and then."""

from bench.roof import EVERY_SECONDS, Roof, product_tflops


def test_the_best_product_counts_and_is_looked_for_now_and_then() -> None:
    rates, now = iter([0.2, 0.5, 0.3]), [0.0]
    roof = Roof(lambda: next(rates), lambda: now[0])
    seen = []
    for seconds in (0, 1, EVERY_SECONDS, EVERY_SECONDS + 1, 2 * EVERY_SECONDS):
        now[0] = seconds
        roof.look()
        seen.append(roof.tflops)
    assert seen == [0.2, 0.2, 0.5, 0.5, 0.5]


def test_a_product_is_2_n_cubed_operations() -> None:
    times = iter([1.0, 1.5])
    assert product_tflops(100, lambda: next(times)) == 2 * 100**3 / 0.5 / 1e12
