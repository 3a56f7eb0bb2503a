"""Traces of kernel launches: what every simulated core issued, in order, and which bytes it touched."""
