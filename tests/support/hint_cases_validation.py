"""Cases of `hints`: folds, rows held out, and early stopping."""

from __future__ import annotations

from hint_cases_python import says
from hints import Case

TWENTY = {
    "t.csv": "g,x,z,y\n"
    + "".join(f"k{row % 7},{row},{row * 7 % 5},{2 * row + row * 3 % 4 - row * 5 % 3}\n" for row in range(20))
}
FIT = "fit t.csv --ignore g"
THREE = {"t.csv": "g,x,y\na,1,2\na,3,4\nb,4,7\n"}
PLOT = f"{FIT} --plot v.svg --plot-kind validation"

CASES = [
    Case(f"{FIT} --cv 1", TWENTY),
    Case("fit t.csv --cv-by g", TWENTY),
    Case(f"{FIT} --holdout 1.5", TWENTY),
    Case(f"{FIT} --cv 4 --format csv", TWENTY),
    Case(f"{FIT} --stop best", TWENTY),
    Case(f"{FIT} --cv 4 --stop best --loss huber", TWENTY),
    Case(f"{FIT} --cv 4 --stop best --tol 0.1", TWENTY),
    Case(f"{FIT} --cv 4 --stop best --method nesterov", TWENTY),
    Case(f"{FIT} --cv 4 --stop best --schedule invscaling", TWENTY),
    Case(f"{FIT} --cv 4 --stop best --lr 3 --scale standard", TWENTY),
    Case(PLOT, TWENTY),
    Case(f"{FIT} --each --cv 4", TWENTY),
    Case("fit t.csv --ignore g --cv 5", THREE, {"or another": "fit t.csv --ignore g --cv 3"}),
    Case("fit t.csv --cv-by g --cv 3", THREE, {"or another": "fit t.csv --cv-by g --cv 2"}),
    Case(
        f"{FIT} --holdout 1e-9",
        TWENTY,
        {"a larger share": f"{FIT} --holdout 0.3", "another --seed": f"{FIT} --holdout 0.3"},
    ),
    Case(f"{FIT} --holdout 0.999999999", TWENTY, {"a smaller share": f"{FIT} --holdout 0.2"}),
    says("gdsolve.folds(5, 1)", "give 2 or more", "gdsolve.folds(5, 2)"),
    says("gdsolve.held_out(5, 2.0)", "give a share such as 0.2", "gdsolve.held_out(5, 0.2)"),
    says("gdsolve.folds(None, 2, by=['a', None])", "leave such rows out", "gdsolve.folds(None, 2, by=['a'])"),
]
