"""`--enable-insert-sync`: event-accurate synchronisation of a core's pipes."""
