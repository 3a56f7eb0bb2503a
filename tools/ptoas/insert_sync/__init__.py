"""`--enable-insert-sync`: event-accurate synchronisation of a core's pipes."""

from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.options import Scope, SyncOptions

__all__ = ["Scope", "SyncOptions", "insert_sync"]
