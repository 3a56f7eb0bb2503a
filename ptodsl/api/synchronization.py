"""Flags and barriers by the name of pto-dsl's package layout."""

from ptodsl.events import barrier, record_event, record_wait_pair, wait_event

__all__ = ["barrier", "record_event", "record_wait_pair", "wait_event"]
