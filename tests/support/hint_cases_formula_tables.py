"""Cases of `hints`: tables, and models of them, that a formula of `--formula` cannot be worked out on."""

from __future__ import annotations

import json

from hint_cases_data import LEVELS
from hints import Case

TABLE = {"t.csv": "x,z,g,y\n1,1,a,2\n2,1,b,3\n3,2,a,1\n4,1,b,5\n"}
TWINS = {"t.csv": "x,z,x:z,y\n1,1,3,2\n2,1,5,3\n3,2,4,1\n4,1,1,5\n"}
COUNTS = {"t.csv": "x,y\n1,2\n2,3\n3,1\n4,5\n"}
NEW = {"new.csv": "x,g\n1,a\n2,c\n"}
KNOWN = {"new.csv": "x,g\n1,a\n2,b\n"}


def fit(formula: str, *options: str) -> str:
    return " ".join([f'fit t.csv --formula "{formula}"', *options])


def damaged(**keys: object) -> str:
    kept = {"text": "y ~ x + g", "rest": None, "texts": ["g"], "levels": {"g": ["a", "b"]}, "state": {}}
    data = {"features": ["x", "g[T.b]"], "target": "y", "formula": {**kept, **keys}}
    return json.dumps({"schema": "gdsolve.fit/1", "weights": {"x": 1.0, "g[T.b]": 2.0}, "intercept": 0.5, "data": data})


AGAIN = {"save the model again": "predict n.json new.csv"}
SAVED = (fit("y ~ x + g", "--save n.json"),)
MADE = [
    Case(fit("y ~ log(g)"), TABLE, {"g, or C(g)": fit("y ~ g")}),
    Case(fit("poly(y, 2) ~ x"), TABLE, {"one number a row": fit("y ~ x")}),
    Case(fit("y ~ x:z + `x:z`"), TWINS, {"the columns other names": fit("y ~ x:z + x")}),
    Case(
        fit("g ~ x", "--loss softmax"),
        {"t.csv": "x,g,y\n1,a,0\n2,a,1\n3,a,0\n4,a,1\n"},
        {"another target before the ~": fit("y ~ x", "--loss softmax")},
    ),
    Case(fit("y ~ c"), {"t.csv": LEVELS}, {"leave it out": fit("y ~ x")}),
    Case(fit("y ~ . - x - 1"), COUNTS, {"as in y ~ x": fit("y ~ x")}),
    Case(
        fit("y ~ bs(x, df=3, lower_bound=2)"),
        TABLE,
        {
            "leave the row out": {"t.csv": TABLE["t.csv"].replace("1,1,a,2\n", "")},
            "extrapolation='clip'": fit("y ~ bs(x, df=3, lower_bound=2, extrapolation='clip')"),
            "'extend'": fit("y ~ bs(x, df=3, lower_bound=2, extrapolation='extend')"),
        },
    ),
    Case(
        fit("g ~ x"),
        TABLE,
        {"a column of numbers there": fit("y ~ x"), "or an expression: I(g == 'a') ~ …": fit("I(g == 'a') ~ x")},
    ),
    Case(
        fit("y ~ log(x - 1)"), TABLE, {"such rows out of the table": {"t.csv": TABLE["t.csv"].replace("1,1,a,2\n", "")}}
    ),
    Case(
        fit("I(y - 2) ~ x", "--loss poisson"),
        COUNTS,
        {"another target before the ~": fit("y ~ x", "--loss poisson")},
    ),
    Case(
        fit("g ~ x", "--loss logistic"),
        {"t.csv": "x,g,y\n1,a,0\n2,b,1\n3,c,0\n4,a,1\n5,b,1\n"},
        {
            "--na drop leaves": fit("g ~ x", "--loss logistic", "--na-values c", "--na drop"),
            "before the ~ of --formula, one of": fit("y ~ x", "--loss logistic"),
        },
    ),
    Case(
        fit("y ~ x", "--loss poisson"),
        {"t.csv": "x,z,y\n1,1,2\n2,2,-3\n3,1,1\n4,5,5\n"},
        {"another target before the ~": fit("z ~ x", "--loss poisson")},
    ),
]
SAID_TWICE = [
    Case(fit("y ~ x", flags), TABLE)
    for flags in ("--target y", "--features x", "--ignore z", "--no-intercept", "--categorical onehot")
]
MODELS = [
    Case("predict m.json new.csv", {**TABLE, **NEW}, before=(fit("y ~ x + g", "--save m.json"),)),
    Case(
        "predict m.json new.csv",
        {**TABLE, "new.csv": "x\n1\n9\n"},
        {"leave the row out": {"new.csv": "x\n1\n2\n"}},
        before=(fit("y ~ bs(x, df=3)", "--save m.json"),),
    ),
    Case(
        "score m.json new.csv",
        {**COUNTS, "new.csv": "x,y\n1,2\n2,-1\n"},
        {"leave the row out": {"new.csv": "x,y\n1,2\n"}},
        before=(fit("I(y) ~ x", "--loss poisson", "--save m.json"),),
    ),
    *(
        Case("predict m.json new.csv", {**TABLE, **KNOWN, "m.json": damaged(**keys)}, AGAIN, before=SAVED)
        for keys in ({"texts": None}, {"levels": {"g": ["a", "b", "c"]}})
    ),
]
WEIGHTS = '{"weights": {"x": 1, "log(z)": 2}, "intercept": 0.5}'
CERTIFIED = [
    Case(
        'certify t.csv --weights w.json --formula "y ~ x + log(z) - 1"',
        {**TABLE, "w.json": WEIGHTS},
        {
            "take - 1 out": 'certify t.csv --weights w.json --formula "y ~ x + log(z)"',
            "of a model without intercept": {"w.json": WEIGHTS.replace("0.5", "null")},
        },
    ),
    Case(
        'certify t.csv --weights w.json --formula "y ~ x"',
        {**TABLE, "w.json": WEIGHTS},
        {
            "in --formula": 'certify t.csv --weights w.json --formula "y ~ x + log(z)"',
            "out of the weights": {"w.json": '{"weights": {"x": 1}, "intercept": 0.5}'},
        },
    ),
]
CASES = [*CERTIFIED, *MADE, *SAID_TWICE, *MODELS]
