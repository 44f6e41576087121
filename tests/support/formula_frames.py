"""A table of houses for tests of model formulas: numbers, levels of text and of numbers, and a name with a blank."""

from __future__ import annotations

import numpy as np
import polars as pl

ROWS = 240
FORMULA = "log(price) ~ area*rooms + poly(age, 2) + C(zone) - 1"


def houses(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Cells with few decimals, so that a file holds them to the bit."""
    drawn = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "price": drawn.uniform(1.0, 9.0, rows).round(3),
            "area": drawn.uniform(10.0, 90.0, rows).round(2),
            "rooms": drawn.integers(1, 6, rows),
            "age": drawn.uniform(0.0, 50.0, rows).round(1),
            "zone": drawn.choice(["a", "b", "c"], rows),
            "sq ft": drawn.uniform(0.0, 1.0, rows).round(3),
            "w": drawn.uniform(0.5, 2.0, rows).round(2),
        }
    )
