"""A profile is read as the runtime writes it; shares are of the whole launch."""

import io

from rich.console import Console

from bench.host_profile_table import Measured, parse, print_profile

TEXT = "cube\tTMATMUL\t4\t1000\t500000\nvec0\tTEXP\t2\t100\t2000000\n"


def test_the_slowest_comes_first() -> None:
    assert parse(TEXT) == [Measured("vec0", "TEXP", 2, 100, 2_000_000), Measured("cube", "TMATMUL", 4, 1000, 500_000)]


def test_shares_are_of_the_launch_and_the_rest_is_said() -> None:
    out = io.StringIO()
    print_profile(parse(TEXT), 4_000_000, 3_000_000, Console(file=out, width=200))
    assert "4.00 ms on one thread; 3.00 ms when operations are not measured" in out.getvalue()
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["vec0", "TEXP", "2", "2000.00", "50.0%", "20000.000000"] in lines
    assert ["cube", "TMATMUL", "4", "500.00", "12.5%", "500.000000"] in lines
    assert ["all", "the", "rest", "1500.00", "37.5%"] in lines
