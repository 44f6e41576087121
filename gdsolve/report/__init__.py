"""The result as a plain dict, and its renderings."""
