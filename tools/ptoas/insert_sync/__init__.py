"""`--enable-insert-sync`: event-accurate synchronisation of a core's pipes."""

from tools.ptoas.insert_sync.insert import insert_sync

__all__ = ["insert_sync"]
