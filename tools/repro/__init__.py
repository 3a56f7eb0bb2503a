"""The proof that results depend on sources and tools alone: not on paths, users, environments or the network."""
