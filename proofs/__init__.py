"""The proofs of team builds: results depend on sources and tools alone, and whoever has the same may share them."""
