"""Least squares on every group of a table, all of them at once."""
