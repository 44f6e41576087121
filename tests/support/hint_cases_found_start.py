"""Cases of `hints`: curves without a start."""

from __future__ import annotations

from hints import Case

XY = {"xy.csv": "x,y\n1,2\n2,3.5\n3,4\n4,6\n5,7\n"}
LONG = {"t.csv": "time,y\n1,2\n2,3.5\n3,4\n4,6\n5,7\n"}

CASES: list[Case] = [
    Case("fit t.csv --model 'a*tyme + b'", LONG, {"did you mean time?": "fit t.csv --model 'a*time + b'"}),
    Case("fit t.csv --model 'a*Time + b'", LONG, {"did you mean time?": "fit t.csv --model 'a*time + b'"}),
    Case(
        "fit xy.csv --model 'a*z + b'",
        XY,
        {"use one of its columns": "fit xy.csv --model 'a*x + b'"},
    ),
    Case("fit xy.csv --model 'w[0]*x + w[1]'", XY),
    Case(
        "fit xy.csv --model 'a*x + b' --lower c=0",
        XY,
        {"leave it out": "fit xy.csv --model 'a*x + b'"},
    ),
    Case("fit xy.csv --model 'rate*x' --lower rat=0", XY, {"did you mean rate?": "fit xy.csv --model 'rate*x'"}),
    Case("fit xy.csv --model '2*x'", XY, {"write one, as in a*x + b": "fit xy.csv --model 'a*x + b'"}),
    Case("fit xy.csv --model 'a*x' --start a=1 --fix a", XY, {"leave at least one": "fit xy.csv --model 'a*x'"}),
    Case("fit xy.csv --model 'a*x + b' --fix b", XY),
    Case("fit xy.csv --model 'a*x + b' --start a=1,b=1 --seed 3", XY),
    Case("fit xy.csv --model 'log(a - x)' --upper a=2", XY),
    Case(
        "fit p.yaml",
        {"p.yaml": "minimize: (a - 1)**2\nparameters: {a: {lower: 0}}\n"},
        {"give it one": {"p.yaml": "minimize: (a - 1)**2\nparameters: {a: {start: 2, lower: 0}}\n"}},
    ),
]
