"""Removal of redundant PIPE_V barriers from the C++ that ptoas prints."""
