"""The machine's facts, once: pipes, events, costs. Everything else in the workspace stands on this room."""
