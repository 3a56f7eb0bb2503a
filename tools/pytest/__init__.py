"""pytest as a Bazel test, and what all tests of this workspace have in common."""
