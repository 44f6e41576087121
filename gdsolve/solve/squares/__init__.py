"""Least squares on a table: everything is known from the triangle before the first step."""
