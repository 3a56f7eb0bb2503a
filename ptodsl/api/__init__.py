"""Where pto-dsl 0.1.2 keeps its modules: other names of those in `ptodsl`."""
