"""Options of formulas and curves, and of their parameters."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import company
from gdsolve.spec.option import option
from gdsolve.spec.options_table import TableOptions
from gdsolve.spec.parameter import Constant, Parameter
from gdsolve.spec.verbs import (
    DESCENDING,
    FITTED,
    POSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaOptions(TableOptions):
    """A formula or a curve, and where its parameters start and may be."""

    minimize: str | None = option(
        None,
        "Formula to minimise, such as (2 - a - b)**2 + (4 - 3*a - b)**2. With a table, it may use the columns by name.",
        "Formula",
        verbs=POSED,
        metavar="FORMULA",
    )
    model: str | None = option(
        None,
        "Curve to fit to the target, such as b1*(1 - exp(-b2*x)) or where(x < 4, a + b*x, c), by least squares or "
        "another --loss; or one by its name, such as gaussian, or 'exponential + line': gdsolve curves shows them. A "
        "column of another name than letters, digits and _ stands in backticks.",
        "Formula",
        verbs=POSED,
        metavar="FORMULA|NAME",
    )
    parameters: tuple[Parameter, ...] = option(
        (),
        "Parameters of the formula, each as name: start, or name: {start, lower, upper, fixed}.",
        "Formula",
        verbs=(),
    )
    constants: tuple[Constant, ...] = option(
        (), "Numbers, vectors and matrices that the formula uses by their names.", "Formula", verbs=()
    )
    start: tuple[str, ...] = option(
        (),
        "Start values of the parameters, or ranges of them, as in a=0..10,b=1e-3..1e3; a range of one sign whose ends "
        "differ by a factor of 100 is filled on a logarithmic scale. Those of a --model that are left out are found "
        "from the data.",
        "Formula",
        verbs=DESCENDING,
        metavar="NAME=NUMBER,…",
    )
    starts: int | None = option(
        None,
        "Descend from so many starts at once, filling the ranges of --start, go on from the best, and say how many "
        "of them ended there or higher.",
        "Formula",
        verbs=FITTED,
        metavar="N",
        default_text="off: with ranges the best of 128 points is the start",
        minimum=1,
        maximum=100_000,
        goes_with=company.PARAMETERS,
    )
    lower: tuple[str, ...] = option(
        (),
        "Lower bounds of parameters, or of the weights of columns (the intercept is called intercept).",
        "Formula",
        verbs=POSED,
        metavar="NAME=NUMBER,…",
    )
    upper: tuple[str, ...] = option(
        (), "Upper bounds of parameters, or of the weights of columns.", "Formula", verbs=POSED, metavar="NAME=NUMBER,…"
    )
    nonnegative: bool = option(
        False,
        "Keep all parameters, or the weights of all columns but not the intercept, at 0 or above.",
        "Formula",
        verbs=POSED,
    )
    fix: tuple[str, ...] = option(
        (), "Parameters to keep at their start values.", "Formula", verbs=POSED, metavar="NAMES"
    )
