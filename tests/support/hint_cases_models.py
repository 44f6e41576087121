"""Cases of `hints`: what a saved model has not, or its table, for columns that are appended and for scores."""

from __future__ import annotations

import json

from hints import Case, Input

FOUR = {"four.csv": "x,y\n1,2\n2,3\n3,5\n4,5\n6,8\n"}
ROWS = {
    "rows.csv": "g,x,w,y,c\nu,1,1,2,no\nu,2,2,3,yes\nu,3,1,5,no\nu,4,2,5,yes\nv,6,1,8,no\nv,7,1,8,yes\nv,9,2,12,yes\n"
}
NEW = {"new.csv": "x\n1\n2\n"}
SAVED = ("fit four.csv --save m.json",)
CLASSES = ("fit rows.csv --target c --features x --loss logistic --save m.json",)
OLD = {
    "schema": "gdsolve.fit/1",
    "weights": {"x": 1.0},
    "intercept": 0.5,
    "data": {"features": ["x"], "target": "y"},
    "descent": {"loss": "half-mse"},
}
DAMAGED = {"statistic": "t", "scale": 1.0, "degrees_of_freedom": 3.0, "parameters": ["intercept", "x"]}


def old(**keys: object) -> dict[str, str]:
    return {**FOUR, "m.json": json.dumps({**OLD, **keys})}


AGAIN = {"save the model again": "predict n.json four.csv --interval 0.9"}
BEFORE = ("fit four.csv --save n.json",)
APPENDED = [
    Case(
        "predict m.json four.csv --interval 0.9",
        FOUR,
        {"without --se": "predict n.json four.csv --interval 0.9"},
        before=("fit four.csv --se hc1 --save m.json", *BEFORE),
    ),
    Case("predict m.json four.csv --interval 95", FOUR, before=SAVED),
    Case("predict m.json four.csv --interval-of mean", FOUR, before=SAVED),
    Case("predict m.json four.csv --interval 0.9", old(), AGAIN, before=BEFORE),
    Case(
        "predict m.json four.csv --interval 0.9",
        old(covariance={**DAMAGED, "factor": [[1.0, 2.0, 3.0]]}),
        AGAIN,
        before=BEFORE,
    ),
    Case(
        "predict m.json four.csv --interval 0.9", old(covariance={**DAMAGED, "factor": [[0.0]]}), AGAIN, before=BEFORE
    ),
    Case(
        "predict m.json four.csv --interval 0.9",
        old(covariance={**DAMAGED, "parameters": ["a"], "factor": [[1.0]]}, intercept=None),
        AGAIN,
        before=BEFORE,
    ),
    Case("predict m.json four.csv --interval 0.9", FOUR, before=("fit four.csv --ridge 1 --save m.json",)),
    Case(
        "predict m.json exact.csv --interval 0.9",
        {"exact.csv": "x,y\n1,2\n2,4\n3,6\n"},
        before=("fit exact.csv --save m.json",),
    ),
    Case(
        "predict m.json rows.csv --diagnose",
        ROWS,
        {
            "leave --diagnose out": "predict m.json rows.csv",
            "the rows of one group": "predict n.json rows.csv --diagnose",
        },
        before=(
            "fit rows.csv --target y --features x --group-by g --save m.json",
            "fit rows.csv --target y --features x --save n.json",
        ),
    ),
    Case("predict m.json rows.csv --interval 0.9 --interval-of observation", ROWS, before=CLASSES),
    Case("predict m.json four.csv --class", FOUR, before=SAVED),
    Case(
        "predict m.json new.csv --diagnose",
        {**FOUR, **NEW},
        {
            "add the column": Input("predict m.json new.csv --diagnose", {"new.csv": "x,y\n1,2\n"}),
            "leave --diagnose out": "predict m.json new.csv",
        },
        before=SAVED,
    ),
    Case(
        "predict m.json new.csv --diagnose",
        {**FOUR, "new.csv": "x,Y\n1,2\n"},
        {
            "rename": Input("predict m.json new.csv --diagnose", {"new.csv": "x,y\n1,2\n"}),
            "leave --diagnose out": "predict m.json new.csv",
        },
        before=SAVED,
    ),
    Case("predict m.json new.csv --diagnose", {**ROWS, "new.csv": "x,c\n1,maybe\n2,yes\n"}, before=CLASSES),
    Case("predict m.json new.csv --diagnose", {**FOUR, "new.csv": "x,y\n1,?\n2,3\n"}, before=SAVED),
]

SCORED = [
    Case(
        "score m.json four.csv",
        old(data={"features": ["x"]}),
        {"save the model again": "score n.json four.csv"},
        before=BEFORE,
    ),
    Case(
        "score m.json four.csv",
        old(data={"features": ["x"], "target": "y", "target_levels": ["a"]}),
        {"save the model again": "score n.json four.csv"},
        before=BEFORE,
    ),
    Case("score", FOUR, {"gdsolve score model.json": "score m.json four.csv"}, before=SAVED),
    Case("score m.json", FOUR, {"gdsolve score model.json": "score m.json four.csv"}, before=SAVED),
    Case("score m.json four.csv --na mean", FOUR, before=SAVED),
    Case(
        "score m.json new.csv",
        {**FOUR, **NEW},
        {"add the column": Input("score m.json new.csv", {"new.csv": "x,y\n1,2\n"})},
        before=SAVED,
    ),
    Case(
        "score m.json four.csv --weight w",
        FOUR,
        {"choose another": "score m.json four.csv --weight x", "leave it out": "score m.json four.csv"},
        before=SAVED,
    ),
    Case("score m.json new.csv", {**FOUR, "new.csv": "x,y\n1,?\n2,3\n"}, before=SAVED),
    Case("score m.json new.csv", {**FOUR, "new.csv": "x,y\n1,\n2,3\n"}, before=SAVED),
    Case(
        "score m.json new.csv",
        {**ROWS, "new.csv": "g,x,y\nu,1,2\nnew,2,3\n"},
        before=("fit rows.csv --target y --features x --group-by g --save m.json",),
    ),
    Case(
        "score m.json new.csv",
        {**FOUR, "new.csv": "x,y\n"},
        {"give a table": Input("score m.json new.csv", {"new.csv": "x,y\n1,2\n"})},
        before=SAVED,
    ),
]

FIT = "m = gdsolve.fit([[1.0], [2.0], [4.0]], [1.0, 3.0, 4.0]); "


def says(call: str, words: str, then: str) -> Case:
    return Case(FIT + call, then={words: FIT + then}, python=True)


PYTHON = [
    says(
        "gdsolve.predict(m, [[1.0], [2.0]], y=[1.0], diagnose=True)",
        "one number of y for every row",
        "gdsolve.predict(m, [[1.0], [2.0]], y=[1.0, 2.0], diagnose=True)",
    ),
    says(
        "gdsolve.score(m, [[1.0], [2.0]], [1.0, float('inf')])",
        "leave the row out of X and y",
        "gdsolve.score(m, [[1.0]], [1.0])",
    ),
    says(
        "gdsolve.score(m, pl.DataFrame({'x': [1.0], 'y': [2.0]}), [1.0])",
        "leave y out",
        "gdsolve.score(m, pl.DataFrame({'x': [1.0], 'y': [2.0]}))",
    ),
    Case(
        "m = gdsolve.fit('four.csv'); gdsolve.score(m, 'four.csv', [1.0])",
        FOUR,
        {"a table has its target in it": "m = gdsolve.fit('four.csv'); gdsolve.score(m, 'four.csv')"},
        python=True,
    ),
    says("gdsolve.score(3, [[1.0]], [1.0])", "what gdsolve.fit returned", "gdsolve.score(m, [[1.0]], [1.0])"),
]

CASES = [*APPENDED, *SCORED, *PYTHON]
