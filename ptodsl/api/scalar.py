"""`ptodsl.scalar` by the name of pto-dsl's package layout."""

from ptodsl.scalar import *  # noqa: F403
