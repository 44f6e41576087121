"""Cases of `hints`: ranges of --start, and --starts."""

from __future__ import annotations

from hints import Case

XY = {"xy.csv": "x,y\n1,2\n2,3.5\n3,4\n4,6\n"}
SQUARE = "fit --minimize '(a - 1)**2' --max-iter 5"

CASES = [
    Case(f"{SQUARE} --start a=3..1", then={"write --start a=1..3": f"{SQUARE} --start a=1..3"}),
    Case(f"{SQUARE} --start a=2..2", then={"write --start a=2": f"{SQUARE} --start a=2"}),
    Case(f"{SQUARE} --start a=1..", then={"as in --start a=0..10": f"{SQUARE} --start a=0..10"}),
    Case(f"{SQUARE} --start a=0..inf", then={"as in --start a=0..10": f"{SQUARE} --start a=0..10"}),
    Case(f"{SQUARE} --start a=1 --starts 5", then={"as in --start a=0..10": f"{SQUARE} --start a=0..10 --starts 5"}),
    Case("fit xy.csv --starts 5", XY),
    Case(
        "fit --minimize '(a - b)**2 + b**2' --start a=0..10,b=1 --fix a --max-iter 5",
        then={"as in --start a=5": "fit --minimize '(a - b)**2 + b**2' --start a=5,b=1 --fix a --max-iter 5"},
    ),
    Case(f"{SQUARE} --start a=0..1 --lower a=2", then={"as in --start a=2": f"{SQUARE} --start a=2 --lower a=2"}),
    Case(
        f"{SQUARE} --start a=0..1 --init m.json",
        then={"leave --init out": f"{SQUARE} --start a=0..1", "--start numbers": f"{SQUARE} --start a=1"},
    ),
    Case(
        "gdsolve.fit(minimize='(a - 1)**2', start={'a': None}, max_iter=5)",
        then={"a pair of numbers for a range": "gdsolve.fit(minimize='(a - 1)**2', start={'a': (0, 1)}, max_iter=5)"},
        python=True,
    ),
    Case(
        "fit s.yaml",
        {"s.yaml": "minimize: (a - 1)**2\nparameters: {a: 3..1}\nmax_iter: 5\n"},
        {"write a: 0..10": {"s.yaml": "minimize: (a - 1)**2\nparameters: {a: 0..10}\nmax_iter: 5\n"}},
    ),
]
