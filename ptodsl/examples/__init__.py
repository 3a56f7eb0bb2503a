"""Small kernels in the DSL, each with its NumPy reference: examples for users, and inputs for the tests of all
tools.
"""
