"""Cases of `hints`: weights to certify that cannot be read, or that are not those of the columns."""

from __future__ import annotations

from hints import Case, Input

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
GOOD = {"w.json": '{"weights": {"x": 1}, "intercept": 0.5}'}
ASK = "certify two.csv --weights w.json"
COUNTS = {"counts.csv": "x,y\n1,2\n2,5\n3,6\n"}


def mended(weights: str, words: str, text: str = ASK, then: str = GOOD["w.json"]) -> Case:
    """Weights in a file that other weights in it mend."""
    return Case(text, {**TWO, "w.json": weights}, {words: Input(text, {**TWO, "w.json": then})})


WRITE = 'write {"weights": {"x": 2.5}'
CASES = [
    Case("certify two.csv", {**TWO, **GOOD}, fill={"model.json": "w.json"}, then={"give a file of them": ASK}),
    Case(ASK, TWO, {WRITE: Input(ASK, {**TWO, **GOOD})}),
    mended("{", WRITE),
    mended("[1]", WRITE),
    mended('{"weights": 1}', WRITE),
    mended('{"weights": {"x": "a"}}', WRITE),
    mended('{"coef_": [1], "intercept_": [0, 1]}', WRITE),
    mended('{"coef_": [1], "feature_names_in_": ["x", "z"]}', WRITE),
    mended('{"coef_": [1, 2], "intercept_": 0}', "give one weight a column"),
    Case(
        "certify two.csv --weights w.json --ignore z",
        {"two.csv": "x,z,v,y\n1,2,3,2\n3,1,1,4\n4,4,5,6\n", **GOOD},
        {"give it one": Input("certify two.csv --weights w.json --ignore z,v")},
    ),
    Case(
        "certify two.csv --weights w.json --ignore z",
        {
            "two.csv": "x,z,y\n1,2,2\n3,1,4\n4,4,6\n",
            "w.json": '{"weights": {"x": 1, "z": 2}, "intercept": 0.5}',
        },
        {"name the columns": "certify two.csv --weights w.json --features x,z"},
    ),
    Case(
        f"{ASK} --no-intercept",
        {**TWO, **GOOD},
        {
            "leave --no-intercept out": ASK,
            "certify weights": Input(f"{ASK} --no-intercept", {"w.json": '{"weights": [1]}'}),
        },
    ),
    mended('{"weights": [1]}', "write {", "certify two.csv --weights w.json --model a*x", '{"weights": {"a": 1}}'),
    Case(
        "certify counts.csv --loss poisson --weights w.json",
        {**COUNTS, "w.json": '{"weights": {"x": 1000}, "intercept": 0}'},
        {"fit again": "fit counts.csv --loss poisson"},
    ),
    Case(
        "gdsolve.certify([[1.0], [2.0], [3.0]], [1.0, 2.0, 2.0], weights=3)",
        python=True,
        then={
            "give a fit": Input(
                "gdsolve.certify([[1.0], [2.0], [3.0]], [1.0, 2.0, 2.0], weights=[1.0, 0.0])", python=True
            )
        },
    ),
]
