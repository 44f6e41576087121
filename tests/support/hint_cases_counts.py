"""Cases of `hints`: offsets, exposures, and the losses of counts and positive numbers."""

from __future__ import annotations

from hints import Case

ROWS = ["1,0.1,1,3", "2,0.2,2,1", "3,0.4,1,4", "4,0.3,2,9", "5,0.1,1,2", "6,0.2,2,7"]
COUNTS = {"n.csv": "\n".join(["x,o,E,y", *ROWS, ""])}
IDLE = {"n.csv": COUNTS["n.csv"].replace("2,0.2,2,1", "2,0.2,0,1")}
TEXT = {"n.csv": "\n".join(["x,o,E,y", *(row.replace(",1,", ",one,").replace(",2,", ",two,") for row in ROWS), ""])}
GAP = {"n.csv": COUNTS["n.csv"].replace("2,0.2,2,1", "2,,2,1")}
POSITIVE = {"n.csv": COUNTS["n.csv"].replace(",2,1\n", ",2,0\n")}
MENDED = {"n.csv": COUNTS["n.csv"]}
MANY = {"n.csv": "x,y\n1,2\n2,0\n3,9\n4,1\n"}
CURVE = "fit n.csv --loss poisson --target y --start a=0.1"
RATE = f"{CURVE} --model 'a*x' --exposure E"
SQUARE = "fit n.csv --offset o --start a=1"
ENDS = {"1 is": "fit n.csv --loss poisson", "2 is": "fit n.csv --loss gamma"}

CASES = [
    Case("fit n.csv --exposure E", COUNTS, {"--offset COLUMN": "fit n.csv --offset o"}),
    Case("fit n.csv --loss poisson --exposure E", IDLE, {"exposures are more than 0": MENDED}, fill={"COLUMN": "x"}),
    Case("fit n.csv --loss poisson --exposure E", TEXT, fill={"COLUMN": "x"}),
    Case("fit n.csv --offset o", GAP),
    Case("fit n.csv --offset q", COUNTS, {"columns: x, o, E, y": "fit n.csv --offset o"}),
    Case(
        RATE,
        COUNTS,
        {"give --link log": f"{RATE} --link log", "multiply the curve by": f"{CURVE} --model 'E*a*x'"},
    ),
    Case(f"{SQUARE} --target 'log(y)' --model 'a*x'", COUNTS),
    Case("fit n.csv --loss softmax --offset o", COUNTS),
    Case(
        "fit n.csv --loss tweedie --power 2",
        COUNTS,
        {"1 is": "fit n.csv --loss poisson", "2 is": "fit n.csv --loss gamma"},
    ),
    Case("fit n.csv --loss negative-binomial --dispersion 0", MANY),
    Case("fit n.csv --power 1.2", COUNTS),
    Case("fit n.csv --dispersion 1.5", COUNTS),
    Case("fit n.csv --loss negative-binomial --l1 1", MANY),
    Case("fit n.csv --loss negative-binomial --batch 2 --shuffle none", MANY),
    Case("path n.csv --loss negative-binomial", MANY),
    Case("fit n.csv --loss gamma", POSITIVE, {"takes numbers above 0": COUNTS}, fill={"COLUMN": "x"}),
]
