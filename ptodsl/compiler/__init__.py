"""Where pto-dsl 0.1.2 keeps its decorators."""
