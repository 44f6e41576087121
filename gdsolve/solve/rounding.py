"""What rounding the cells of a table has changed for good."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gdsolve.objective.dependence import lost_in_rounding
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.data import DataInfo
from gdsolve.spec import Spec

logger = logging.getLogger("gdsolve")


def tell_rounding(info: DataInfo, built: Sequence[Triangle], spec: Spec) -> None:
    """Warn of columns that rounding has changed for good; `built` ends with the cells as they are."""
    names, intercept = info.roles.design, not spec.no_intercept
    for lost in lost_in_rounding(built[0], built[-1], names, info.roles.target, intercept=intercept):
        logger.warning("%s: %s; --dtype float64 keeps it", info.source[0], lost)
