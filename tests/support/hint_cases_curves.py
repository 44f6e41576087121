"""Cases of `hints`: curves by name."""

from __future__ import annotations

from hints import Case

XY = {"xy.csv": "x,y\n1,2\n2,3.5\n3,4\n4,6\n5,7\n"}
TWO = {"t.csv": "a,b,y\n1,4,2\n2,2,3.5\n3,1,4\n4,0,6\n5,3,7\n"}
SLOPE = {"s.csv": "slope,y\n1,2\n2,3.5\n3,4\n4,6\n5,7\n"}
LINE = "--model line --start intercept=0,slope=1"
WRITTEN = "fit xy.csv --model 'intercept + slope*x' --start intercept=0,slope=1"

CASES: list[Case] = [
    Case(
        "fit xy.csv --model lines --start intercept=0,slope=1",
        XY,
        {"did you mean line? it is intercept + slope*x": f"fit xy.csv {LINE}"},
    ),
    Case(
        "fit xy.csv --model hat --start a=0",
        XY,
        {"by name there are gaussian": f"fit xy.csv {LINE}", "gdsolve curves shows their formulas": "curves"},
    ),
    Case(
        "fit xy.csv --model '1*line' --start intercept=0,slope=1",
        XY,
        {"write it out: intercept + slope*x": WRITTEN, "or add curves by name": f"fit xy.csv {LINE}"},
    ),
    Case(
        "fit xy.csv --model line --start a=0,slope=1",
        XY,
        {"its parameters are intercept and slope, in intercept + slope*x": f"fit xy.csv {LINE}"},
    ),
    Case(f"fit t.csv {LINE}", TWO),
    Case(f"fit t.csv {LINE} --features a,b", TWO),
    Case("fit xy.csv --model a --start a=1 --features x", XY),
    Case("fit xy.csv --model 'a*x' --start a=1 --features x", XY),
    Case(f"fit y.csv {LINE}", {"y.csv": "y\n1\n2\n4\n"}, {"give a table with one": {"y.csv": "x,y\n1,1\n2,2\n3,4\n"}}),
    Case(
        f"fit s.csv {LINE}",
        SLOPE,
        {
            "the parameter with another name": "fit s.csv --model 'intercept + slope0*slope' "
            "--start intercept=0,slope0=1"
        },
    ),
    Case("curves gausian", {}, {"did you mean gaussian?": "curves gaussian"}),
    Case("curves hat", {}, {"by name there are gaussian": "curves hill", "gdsolve curves shows": "curves"}),
]
