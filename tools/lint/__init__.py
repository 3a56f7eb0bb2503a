"""Formatters, linters and the type checker as tests, and one program that repairs what can be repaired."""
