"""What a formula of `--formula` may call, by name: nothing else is ever evaluated."""

from __future__ import annotations

ELEMENTWISE = (
    *("log", "log10", "log2", "log1p", "exp", "exp2", "expm1", "sqrt", "cbrt", "square", "abs", "sign"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("floor", "ceil", "round", "minimum", "maximum", "clip", "where", "isfinite"),
)
"""Functions of numbers, cell by cell, as numpy has them; `np.log` is `log`."""
LEARNT = ("poly", "bs", "cr", "cs", "cc", "scale", "center", "standardize")
"""Those that have to see all rows first: what they find of them is kept in the model."""
CODED = ("C", "Treatment", "Sum", "Helmert", "Diff", "Poly")
"""Columns of levels, and how levels become numbers."""
CONTRASTS = ("treatment", "SAS", "sum", "helmert", "diff", "poly", "custom")
"""What stands behind `contr.`, as in C(zone, contr.sum)."""
PLAIN = ("I", "Q")
FUNCTIONS = (*ELEMENTWISE, *LEARNT, *CODED, *PLAIN)
MODULES = {"np": ELEMENTWISE, "numpy": ELEMENTWISE, "contr": CONTRASTS}
"""Names before a dot, and what may stand behind it."""
ABSENT = {
    "lag": "rows are read in batches, and lag needs the row before: write the lagged column into the table",
    "hashed": "hashed mixes levels up at random: use C(…), or a column of hashes in the table",
    "te": "products of splines are written with : as in bs(x, df=4):bs(z, df=4)",
    "s": "splines are written bs(x, df=5) or cr(x, df=5)",
    "ns": "natural cubic splines are written cr(x, df=5)",
    "factor": "levels are written C(…)",
    "offset": "there are no offsets: take it from the target, as in I(y - x) ~ …",
    "pow": "write x**2 within I(…)",
    "ln": "the natural logarithm is log(…)",
}
"""What people write from habit, and what to write here."""
