"""What a model formula may call: every function with its arguments, and what other programs call the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a function in their order, of which so many must be given and so many need no name.

    `form` shows how it is written.
    """

    arguments: tuple[str, ...]
    least: int
    placed: int
    form: str


def _signature(form: str, *arguments: str, least: int = 1, placed: int | None = None) -> Signature:
    return Signature(arguments, least, len(arguments) if placed is None else placed, form)


_SPLINE = ("x", "df", "knots", "lower_bound", "upper_bound", "constraints", "extrapolation")
TRANSFORMS: Mapping[str, Signature] = {
    "I": _signature("I(x**2)", "data"),
    "Q": _signature("Q('a name')", "variable"),
    "C": _signature("C(x, Treatment('level'))", "data", "contrasts", "levels", placed=2),
    "poly": _signature("poly(x, 2)", "x", "degree", "raw"),
    "bs": _signature(
        "bs(x, df=5)",
        *("x", "df", "knots", "degree", "include_intercept", "lower_bound", "upper_bound", "extrapolation"),
    ),
    "cr": _signature("cr(x, df=4, constraints='center')", *_SPLINE, placed=6),
    "cs": _signature("cs(x, df=4, constraints='center')", *_SPLINE, placed=6),
    "cc": _signature("cc(x, df=4, constraints='center')", *_SPLINE, placed=6),
    "center": _signature("center(x)", "data"),
    "scale": _signature("scale(x)", "data", "center", "scale", "ddof"),
    "standardize": _signature("standardize(x)", "x", "center", "rescale", "ddof"),
}
"""Functions that make columns of one: what some of them need of all rows is found once, and kept."""

CONTRASTS: Mapping[str, Signature] = {
    "Treatment": _signature("Treatment('level')", "reference", least=0),
    "Sum": _signature("Sum", least=0),
    "Helmert": _signature("Helmert", "reverse", "scale", least=0),
    "Poly": _signature("Poly", "scores", least=0),
    "Diff": _signature("Diff", "backward", least=0),
}
"""Contrasts, which stand within C(…)."""
OF_R: Mapping[str, Signature] = {
    "treatment": _signature("contr.treatment('level')", "base", least=0),
    "SAS": _signature("contr.SAS", least=0),
    "sum": CONTRASTS["Sum"],
    "helmert": CONTRASTS["Helmert"],
    "poly": CONTRASTS["Poly"],
    "diff": CONTRASTS["Diff"],
}
"""The same as `contr.sum` and the like."""

_ONE = """
abs arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh exp exp2 expm1 floor log log10 log1p log2 sign sin
sinh sqrt square tan tanh
"""
_TWO = "arctan2 hypot maximum minimum power"
NUMPY: Mapping[str, Signature] = {
    **{name: _signature(f"{name}(x)", "x") for name in _ONE.split()},
    **{name: _signature(f"{name}(x, z)", "x", "z", least=2) for name in _TWO.split()},
    "exp10": _signature("exp10(x)", "x"),
    "round": _signature("round(x)", "x"),
    "clip": _signature("clip(x, lower, upper)", "x", "lower", "upper", least=3),
    "where": _signature("where(x > 0, 1, 0)", "condition", "x", "z", least=3),
}
"""Functions of numbers, row by row: what a row gives does not depend on other rows."""
MODULES = ("np", "numpy")
"""What may stand before them, with a dot."""
CONSTANTS = ("pi",)
"""Numbers with a name, within a call; a column of that name stands in backticks."""
ELEMENTWISE = tuple(NUMPY)
PLAIN = ("I", "Q")
CODED = ("C", *CONTRASTS)
LEARNT = tuple(name for name in TRANSFORMS if name not in (*PLAIN, *CODED))
"""Those that have to see all rows first: what they find of them is kept in the model."""
FUNCTIONS: Mapping[str, Signature] = {**TRANSFORMS, **CONTRASTS, **NUMPY}
KNOWN = "known here: " + ", ".join(sorted(FUNCTIONS, key=str.lower))

WRITTEN: Mapping[str, str] = {
    **dict.fromkeys(("factor", "as.factor", "as_factor", "Factor", "categorical", "as.character", "dummy"), "C({x})"),
    **dict.fromkeys(("ordered", "as.ordered"), "C({x}, Poly)"),
    **dict.fromkeys(("as.numeric", "as.integer", "as.double", "float", "int", "unclass"), "{x}"),
    "pmin": "minimum({all})",
    "pmax": "maximum({all})",
    "min": "minimum({all})",
    "max": "maximum({all})",
    "ifelse": "where({all})",
    "pow": "power({all})",
    "ln": "log({x})",
    "lg": "log10({x})",
    "sqr": "square({x})",
    "fabs": "abs({x})",
    "absolute": "abs({x})",
    "ceiling": "ceil({x})",
    "asin": "arcsin({x})",
    "acos": "arccos({x})",
    "atan": "arctan({x})",
    "asinh": "arcsinh({x})",
    "acosh": "arccosh({x})",
    "atanh": "arctanh({x})",
    "atan2": "arctan2({all})",
    "rint": "round({x})",
    "logit": "log({x}/(1 - {x}))",
    "qlogis": "log({x}/(1 - {x}))",
    "zscore": "scale({x})",
    "polynomial": "poly({all})",
    "spline": "bs({x}, df=5)",
}
"""What another program calls otherwise: {x} is the first argument, {all} are all of them."""

SAID: Mapping[str, str] = {
    "offset": "leave it out, and give --offset {x}",
    "cbind": "write a row for each outcome, and give how often it was seen by --weight COLUMN --weight-kind frequency",
    "interaction": "write {crossed}",
    "cluster": "leave it out, and give --se cluster:{x}",
    "weights": "leave it out, and give --weight {x}",
    "mean": "for the distance from the mean write center(…)",
    "sd": "for a column of spread 1 write scale(…)",
    "std": "for a column of spread 1 write scale(…)",
    "var": "for a column of spread 1 write scale(…)",
    "cut": "for two classes write I({x} > 5), with your limit; more of them need a column in the table",
    "lag": "a row knows no other row: make the lag a column of the table",
    "diff": "a row knows no other row: make the difference a column of the table",
    "cumsum": "a row knows no other row: make the sum a column of the table",
    "hashed": "write C({x})",
    "Error": "effects that are random are not fitted here: write C({x}) for a level of each",
    "strata": "write C({x})",
}
"""What is to be done about others, in words."""
