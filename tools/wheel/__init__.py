"""Packs Python modules and libraries of this workspace as a wheel."""
