"""What any kernel needs besides its own code: its library, its launch plan, the backends that launch it."""
