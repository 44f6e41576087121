"""Cases of `hints`: paths of penalties, and strengths that are found."""

from __future__ import annotations

from hint_cases_python import says
from hint_cases_validation import TWENTY
from hints import Case

PATH, FIT = "path t.csv --ignore g", "fit t.csv --ignore g"
LEVEL = {"t.csv": "x,k,y\n1,7,2\n2,7,4\n3,7,7\n"}
NONE = {"t.csv": "x,k,y\n1,0,2\n2,0,4\n3,0,7\n"}
FEW = {"t.csv": "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,0\n"}

CASES = [
    Case(f"{PATH} --points 1", TWENTY),
    Case(f"{PATH} --l1-ratio 2", TWENTY),
    Case(f"{PATH} --select min", TWENTY),
    Case(f"{PATH} --cv 4 --save m.json", TWENTY),
    Case(f"{PATH} --plot v.svg --plot-kind validation", TWENTY),
    Case("path t.csv --target k", LEVEL, {"name another target": "path t.csv --target y"}),
    Case("path s.yaml", {**LEVEL, "s.yaml": "data: t.csv\nloss: absolute\n"}),
    Case("path s.yaml", {**LEVEL, "s.yaml": "data: t.csv\nmodel: a*x\nstart: a=1\n"}, {"give a spec": "path t.csv"}),
    Case("path t.csv --loss poisson --target k", NONE, {"name another": "path t.csv --loss poisson"}),
    Case("path t.csv --loss logistic --cv 2", FEW),
    Case(f"{FIT} --l1 auto", TWENTY),
    Case(f"{FIT} --l1 auto --ridge auto --cv 4", TWENTY),
    Case(f"{FIT} --ridge auto --cv 4 --loss absolute", TWENTY),
    Case(f"{FIT} --ridge auto --cv 4 --loss huber", TWENTY),
    Case(f"{PATH} --loss huber", TWENTY),
    Case(f"{FIT} --ridge auto --cv 4 --stop best", TWENTY),
    Case(f"{FIT} --l1 3 --cv 4 --stop best", TWENTY),
    Case("check t.csv --ignore g --ridge auto", TWENTY),
    says(
        "gdsolve.path([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0], points=3).select('1se')",
        "give cv=10, say",
        "gdsolve.path([[1.0], [2.0], [3.0], [5.0]], [1.0, 2.0, 4.0, 5.0], points=3, cv=2).select('1se')",
    ),
    says(
        "gdsolve.path([[1.0], [2.0], [3.0], [5.0]], [1.0, 2.0, 4.0, 5.0], cv=2).select('best')",
        'give "min" or "1se"',
        "gdsolve.path([[1.0], [2.0], [3.0], [5.0]], [1.0, 2.0, 4.0, 5.0], cv=2).select('min')",
    ),
]
