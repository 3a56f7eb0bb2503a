"""The proof that results depend on the sources and the tools alone: not on paths, users, environments or the network."""
