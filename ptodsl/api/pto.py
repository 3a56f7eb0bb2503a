"""`ptodsl.pto` by the name of pto-dsl's package layout."""

from ptodsl.pto import *  # noqa: F403
