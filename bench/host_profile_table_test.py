"""A profile is read as the runtime writes it; shares are of the whole launch."""

import io

from rich.console import Console

from bench.host_profile_table import Measured, parse, print_profile

TEXT = "cube\tTMATMUL\t4\t1000\t500\nvec0\tTEXP\t2\t100\t2000\n"


def test_the_slowest_comes_first() -> None:
    assert parse(TEXT) == [Measured("vec0", "TEXP", 2, 100, 2000), Measured("cube", "TMATMUL", 4, 1000, 500)]


def test_shares_are_of_the_launch_and_the_rest_is_said() -> None:
    out = io.StringIO()
    print_profile(parse(TEXT), 4000, Console(file=out, width=200))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["vec0", "TEXP", "2", "0.002", "50.0%", "20.0000"] in lines
    assert ["cube", "TMATMUL", "4", "0.001", "12.5%", "0.5000"] in lines
    assert ["all", "the", "rest", "0.002", "37.5%"] in lines
