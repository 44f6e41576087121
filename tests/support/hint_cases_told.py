"""Cases of `hints`: runs that end well and are told something, in a warning, in advice, or in commands to run next."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from hints import Case, Files, Input


def _rows(rows: Sequence[Iterable[object]]) -> str:
    """A table of columns c0, c1, … and y."""
    cells = [[*(f"c{place}" for place, _ in enumerate([*rows[0]][1:])), "y"], *rows]
    return "".join(",".join(map(str, row)) + "\n" for row in cells)


TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
GROUPS = {"groups.csv": "g,x,y\nu,1,2\nu,3,4\nu,4,6\nv,1,1\nv,2,3\nv,5,4\n"}
COUNTED = {"t.csv": "0,1\n1.5,2.5\n2.5,4.5\n3.5,7.5\n"}
NOISE = random.Random(1)
MANY = {"t.csv": _rows([[NOISE.randrange(100) for _ in range(41)] for _ in range(50)])}
ODD = {
    "t.csv": _rows(
        [[f"bad{row}" if row == place else NOISE.randrange(100) for place in range(20)] for row in range(24)]
    )
}
LONG = {"t.csv": "x,y\n16777217,1\n16777218,2\n16777219,3\n16777220,5\n"}


def said(
    text: str, notice: str, files: Files = TWO, then: dict[str, str | Files | Input] | None = None, **fill: str
) -> Case:
    """A run that ends well, of which a line with these words can be followed."""
    return Case(text, files, then or {}, fill, notice=notice)


WARNINGS = [
    said("fit t.csv", "is taken as", COUNTED),
    said("fit t.csv", "is taken as", {"t.csv": '"2001","2002","2003"\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n'}),
    said("check t.csv", "is taken as", COUNTED),
    said("fit t.csv", "is taken as a row name", {"t.csv": "x,y\na,1,2\nb,3,4\nc,4,6\n"}),
    said(
        "fit two.csv --lr 9",
        "will diverge",
        then={"rates below 0.21046 are stable": "fit two.csv --lr 0.2104 --max-iter 9"},
    ),
    said("fit two.csv --watch", "--plot draws", then={"--plot draws": "fit two.csv --max-iter 9 --plot"}),
    said("fit two.csv --watch --engine leap", "the closed form takes no steps that could be watched"),
    said("fit t.csv --dtype float32", "--dtype float64 keeps it", LONG),
    said("fit groups.csv --group-by g --lr 9 --format json", "--lr auto takes", GROUPS),
    said(
        "trace g.yaml --repeat 2",
        "keep it with",
        {"g.yaml": "leaves: {t: 2.0}\nnodes: {f: t**2}\n"},
        {"keep it with": "trace g.yaml --repeat 2 --retain-graph"},
    ),
]

ADVICE = [
    said(f"{text} --format json", ": gdsolve ")
    for text in (
        "fit two.csv --lr 9",
        "fit two.csv --lr 0.01 --max-iter 5",
        "fit two.csv --lr 0.3 --method momentum --max-iter 3",
        "fit two.csv --loss huber --lr 900 --max-iter 9",
        "fit two.csv --loss poisson --lr 900 --max-iter 9",
        "fit two.csv --model 'a*x + b' --start a=0,b=0 --lr 99 --max-iter 9",
        "fit --minimize '(x-1)**2+10*(y-2)**2' --start x=0,y=0 --lr 1 --max-iter 9",
        "compare-lr two.csv --lr 5,6",
        "compare two.csv --lr 5 --methods gd,momentum",
    )
] + [
    said(
        "fit two.csv --lr 0.01 --max-iter 5 --format json",
        "Updates needed",
        then={
            "556 at the best rate (0.352941)": "fit two.csv --lr 0.352941 --max-iter 556",
            "2 on standardised columns (--scale standard --lr 1)": "fit two.csv --scale standard --lr 1 --max-iter 2",
        },
    ),
    said("fit two.csv --lr 0.001 --tol 1e-4 --format json", "would go on"),
    said("compare-lr two.csv --format json", "runs by itself"),
    said("fit two.csv", "Add --report for", then={"--save model.json": "fit two.csv --report --save model.json"}),
    said(
        "fit --minimize '(a - 1)**2' --start a=0",
        "Add --plot",
        then={"--plot": "fit --minimize '(a - 1)**2' --start a=0 --plot"},
    ),
    said(
        "fit two.csv --save model.json", "gdsolve predict model.json two.csv", then={"": "predict model.json two.csv"}
    ),
    said(
        "fit t.csv --loss logistic --format json",
        "keeps the weights finite",
        {"t.csv": "x,y\n1,0\n2,0\n3,1\n4,1\n"},
    ),
    said(
        "fit t.csv --format json",
        "gdsolve check names the columns",
        {"t.csv": "x,z,y\n1,2,3\n2,4,4\n3,6,6\n4,8,7\n"},
        {"": "check t.csv"},
    ),
    said(
        "fit --minimize a**3 --start a=0 --format json",
        "Start elsewhere",
        then={
            "--start": "fit --minimize a**3 --start a=1 --lower a=0",
            "--lower": "fit --minimize a**3 --start a=0.5 --lower a=0 --upper a=2",
        },
    ),
    said(
        "fit --minimize=-a --start a=0 --format json",
        "bound its parameters",
        then={
            "Check the formula": "fit --minimize 'a**2' --start a=1",
            "--upper": "fit --minimize=-a --start a=0 --upper a=9",
        },
    ),
]

SHOWN = [
    said(
        "fit groups.csv --group-by g",
        "--format csv and json have all",
        {"groups.csv": GROUPS["groups.csv"].replace("x", "a_rather_long_name_of_a_column")},
        {"csv": "fit groups.csv --group-by g --format csv", "json": "fit groups.csv --group-by g --format json"},
    ),
    said("check t.csv", "more findings (--verbose)", ODD, {"": "check t.csv --verbose"}),
    said(
        "fit t.csv",
        "--verbose and --format json have all",
        MANY,
        {"--verbose": "fit t.csv --verbose", "json": "fit t.csv --format json"},
    ),
    said("fit t.csv", "--history FILE has all", MANY, FILE="h.csv"),
    said("fit t.csv --report", "in absolute value; --format json has all", MANY),
]

CHECKED = [
    said(
        f"check t.csv {options} --format json",
        "gdsolve ",
        {"t.csv": text},
        {"--target COLUMN": f"check t.csv --target x {options}"},
    )
    for text, options in (
        ("x,y\n1,2\n3,4\n4,6\n5,5\n", ""),
        ("x,z,y\n1,,3\n3,1,2\n4,4,4\n5,2,1\n7,2,3\n", ""),
        ("x,n,y\n1,u,3\n3,v,2\n4,u,4\n5,v,1\n", ""),
        ("x,z,y\n1,2,3\n3,rotary,2\n4,4,4\n5,2,1\n7,2,3\n", ""),
    )
]

ONE_CLASS = [
    said(
        "check t.csv --loss logistic",
        "--target COLUMN, one of two classes",
        {"t.csv": "x,z,y\n1,0,1\n3,1,1\n4,0,1\n5,1,1\n"},
        COLUMN="z",
    )
]

CASES = [*WARNINGS, *ADVICE, *SHOWN, *CHECKED, *ONE_CLASS]
