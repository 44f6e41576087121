"""Cases of `hints`: bounds of the weights of a table."""

from __future__ import annotations

from hints import Case

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
WEIGHTS = {**TWO, "w.json": '{"weights": {"x": -1}, "intercept": 0}'}

ALONE = "fit --minimize '(a - 1)**2'"

CASES = [
    Case("fit two.csv --lower a=0", TWO, {"known here": "fit two.csv --lower x=0"}),
    Case("fit two.csv --lower intercep=0", TWO, {"did you mean intercept?": "fit two.csv --lower intercept=0"}),
    Case("fit two.csv --upper 3", TWO, {"write it as in": "fit two.csv --upper x=0"}),
    Case("fit two.csv --upper x=3y", TWO, {"write it as in": "fit two.csv --upper x=1"}),
    Case(f"{ALONE} --start a=0 --lower aa=0", {}, {"did you mean a?": f"{ALONE} --start a=0 --lower a=0"}),
    Case(ALONE, {}, {"--start": f"{ALONE} --start a=0"}),
    Case(f"{ALONE} --start a=0 --fix a", {}, {"leave at least one": f"{ALONE} --start a=0"}),
    Case("fit two.csv --formula 'y ~ x - 1' --ridge 1 --penalize-intercept", TWO),
    Case("fit two.csv --lower x=1 --upper x=1", TWO, {"leave one of them out": "fit two.csv --lower x=1"}),
    Case("fit two.csv --nonnegative --l1 1", TWO),
    Case("fit two.csv --nonnegative --loss absolute", TWO),
    Case("fit two.csv --nonnegative --engine leap", TWO),
    Case("fit two.csv --nonnegative --method lbfgs", TWO),
    Case("fit two.csv --nonnegative --report --se hc3", TWO),
    Case("fit two.csv --nonnegative --cv 3 --stop best", TWO),
    Case("fit two.csv --nonnegative --cv 3 --ridge auto", TWO),
    Case(
        "certify two.csv --weights w.json --nonnegative",
        WEIGHTS,
        {"certify weights that": "certify two.csv --weights w.json"},
    ),
]
