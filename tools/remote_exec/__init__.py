"""Remote execution: an engine for this machine, and the proof that builds on it give the same results."""
