"""Everything else that is descended on: formulas, curves, other losses, and tables by other methods."""
