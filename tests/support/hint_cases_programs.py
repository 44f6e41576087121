"""Cases of `hints`: problems that `--code` has no program for, and what to do instead."""

from __future__ import annotations

from hints import Case, Input

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
BITS = {"bits.csv": "x,y\n1,0\n2,1\n3,0\n4,1\n"}
PLAIN = "fit two.csv --code"
DAYS = "when,y\n2024-01-01,1\n2024-01-02,2\n2024-01-04,5\n"
LATER = "when,y\n2024-01-08,1\n2024-01-09,2\nsoon,3\n"
ROWS = {"rows.csv": '"x","y"\n"1",1,2\n"2",3,4\n"3",4,6\n"4",7,6\n'}
CURVE = "fit two.csv --model 'a*x + b' --start a=1,b=1"
WIDE = "X: [" + ", ".join(f"[{n}, {n * n % 7}]" for n in range(400)) + "]\ny: [" + ", ".join("1" * 400) + "]\n"

UNWRITTEN = [
    Case("fit two.csv --ridge auto --cv 3 --code", TWO),
    Case("fit two.csv --where 'x > 1' --thousands , --code", TWO),
    Case("fit two.csv --thousands , --code", TWO),
    Case(
        "fit two.csv --class-weight balanced --loss softmax --code", {"two.csv": "x,y\n1,a\n2,b\n3,c\n4,a\n5,b\n6,c\n"}
    ),
    Case("fit gaps.csv --na mean --code", {"gaps.csv": "x,y\n1,2\n,4\n4,6\n5,7\n"}),
    Case("fit two.csv --formula 'y ~ x' --code", TWO, {"name the columns": PLAIN}),
    Case("gdsolve.code('two.csv', formula='y ~ x')", TWO, {"name the columns": "gdsolve.code('two.csv')"}, python=True),
    Case("fit when.csv --dates days --code", {"when.csv": DAYS}, {"write the dates": Input(PLAIN, TWO)}),
    Case("fit two.csv two.csv --code", TWO, {"give one table": PLAIN}),
    Case("fit all.tri --code", TWO, {"give the table": PLAIN}, before=("scan two.csv -o all.tri",)),
    Case("fit b.dat --code", {"b.dat": "x  y\n1  2\n3   4\n4  6\n"}, {"write the table": Input(PLAIN, TWO)}),
    Case("fit t.svm --code", {"t.svm": "1 1:2 2:3\n2 1:1\n3 2:4\n4 1:3 2:1\n"}, {"write it as": Input(PLAIN, TWO)}),
    Case(f"{CURVE} --target 'log(y)' --code", TWO, {"make it a column": PLAIN}),
]

LINEAR = [
    Case("fit two.csv --ridge 1 --penalize-intercept --code", TWO),
    Case("fit two.csv --ridge 1 --penalty-scale standard --code", TWO),
    Case("fit two.csv --method nesterov --grad-tol 1e-6 --code", TWO),
    Case("compare-lr two.csv --nonnegative --grad-tol 1e-6 --lr 0.01 --code", TWO),
    Case("fit bits.csv --loss softmax --method newton --code", {"bits.csv": "x,y\n1,a\n2,b\n3,c\n4,b\n5,a\n6,c\n"}),
    Case("fit bits.csv --loss logistic --method newton --nonnegative --code", BITS),
    Case("fit counts.csv --loss poisson --code", {"counts.csv": "x,y\n0,1\n1,0\n2,5\n3,40\n4,90\n5,300\n"}),
    Case("fit apart.csv --loss logistic --code", {"apart.csv": "x,y\n1,0\n2,0\n3,1\n4,1\n"}),
    Case(
        "gdsolve.code('wide.yaml')",
        {"wide.yaml": WIDE},
        {"write them": Input("gdsolve.code('two.csv')", TWO, python=True)},
        python=True,
    ),
    Case(
        "fit o.yaml --code",
        {"o.yaml": "X: [[1], [3], [4], [5]]\ny: [1, 0, 1, 0]\nloss: logistic\n"},
        {"write them": Input("fit bits.csv --loss logistic --code", BITS)},
    ),
]

SQUARE = "fit --minimize '(a-1)**2' --start a=0 --code"
FORMULAS = [
    Case(f"{CURVE} --code matrix", TWO),
    Case("fit --minimize 'sqrt(a)' --start a=-1 --code", {}, {"start elsewhere": SQUARE}),
    Case("fit --minimize '(w - 1)**2' --start w=0 --method gd --lr 0.1 --code", {}, {"call it otherwise": SQUARE}),
    Case("fit --minimize 'maximum(a, 1) + a**2' --start a=3 --method gd --lr 0.1 --code", {}, {"write the": SQUARE}),
    Case("fit --minimize 'clip(a, 0, 1) + a**2' --start a=0 --method gd --lr 0.1 --code", {}, {"write the": SQUARE}),
    Case("fit --minimize 'voigt(a, 1, 1)' --start a=1 --code", {}, {"write it with": SQUARE}),
    Case(f"{CURVE} --loss poisson --code", TWO),
    Case(
        "fit l.csv --model 'a*math + b' --target y --start a=1,b=1 --code",
        {"l.csv": "math,y\n1,2\n3,4\n4,6\n"},
        {"call it otherwise": Input(PLAIN, TWO)},
    ),
    Case(
        "fit l.csv --model 'a*`x 1` + b' --target y --start a=1,b=1 --code",
        {"l.csv": "x 1,y\n1,2\n3,4\n4,6\n"},
        {"call the column": Input(PLAIN, TWO)},
    ),
    Case(
        "fit o.csv --model 'a*x' --start a=1 --offset o --target y --method gd --lr 0.01 --code",
        {"o.csv": "x,o,y\n1,1,2\n3,1,4\n4,2,6\n"},
        {"give columns": Input(PLAIN, TWO)},
    ),
    Case("trace 'print=1; y=print**2' --code", {}, {"call it otherwise": "trace 'a=1; y=a**2' --code"}),
]

OTHERS = [
    Case("fit two.csv --each --show gradient", TWO),
    Case("fit two.csv --show gradient --every none", TWO),
    Case("fit two.csv --plot p.gif --plot-kind loss", TWO),
    Case("fit rows.csv --code", ROWS, {"write it as": Input(PLAIN, TWO)}),
    Case("fit rows.csv --where 'x > 0' --code", ROWS, {"keep the rows": Input(PLAIN, TWO)}),
    Case(
        "predict m.json later.csv",
        {"when.csv": DAYS, "later.csv": LATER},
        before=("fit when.csv --dates days --save m.json --quiet",),
    ),
    Case(
        "score m.json late.csv",
        {
            "when.csv": "x,y\n1,2024-01-01\n2,2024-01-02\n4,2024-01-05\n",
            "late.csv": "x,y\n1,2024-01-01\n2,soon\n3,2024-01-09\n",
        },
        before=("fit when.csv --dates days --save m.json --quiet",),
    ),
]
CASES = [*UNWRITTEN, *LINEAR, *FORMULAS, *OTHERS]
