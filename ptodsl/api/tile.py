"""`ptodsl.tile` by the name of pto-dsl's package layout."""

from ptodsl.tile import *  # noqa: F403
