"""Cases of `hints`: what `--code` has no program for, and what does not go with it."""

from __future__ import annotations

from hints import Case, Input

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
BITS = {"bits.csv": "x,y\n1,0\n2,1\n3,0\n4,1\n"}
GRAPH = {"g.yaml": "leaves: {t: 2.0}\nnodes: {f: t**2}\n"}

CASES = [
    Case("fit two.csv --code --batch 2", TWO),
    Case("fit two.csv --code --method lbfgs", TWO),
    Case("fit bits.csv --loss logistic --schedule backtracking --method gd --code", BITS),
    Case("fit two.csv --code --dtype float32", TWO),
    Case("fit two.csv --code --format json", TWO),
    Case("fit two.csv --code=run.txt", TWO),
    Case("trace g.yaml --code matrix", GRAPH),
    Case("fit --minimize 'cos(a)' --start a=1 --code", {}),
    Case("fit - --code", TWO, {"write the table to a file": "fit two.csv --code"}, stdin=b"x,y\n1,2\n3,4\n"),
    Case("gdsolve.code('two.csv', verb='check')", TWO, {'verb="fit"': "gdsolve.code('two.csv')"}, python=True),
    Case(
        "gdsolve.code(gdsolve.scan('two.csv'))",
        TWO,
        {"give the table that was scanned": "gdsolve.code('two.csv')"},
        python=True,
    ),
    Case(
        "gdsolve.code(gdsolve.fit([[1], [3]], [2, 4]))",
        {},
        {"give code(X, y)": "gdsolve.code([[1], [3]], [2, 4])"},
        python=True,
    ),
    Case(
        "fit penguins --target body_mass_g --features bill_length_mm,flipper_length_mm --na drop --code",
        {},
        {"copy it": Input("fit penguins.csv --code", {"penguins.csv": TWO["two.csv"]})},
    ),
]
