"""Cases of `hints`: model formulas that cannot be meant, each with what its hint says to write."""

from __future__ import annotations

import shlex

from hints import Case, Input

ROWS = "3,1,2,a,1,5 4,2,1,b,2,4 2,3,4,a,3,6 6,4,3,b,1,7 5,5,6,c,2,4 7,6,5,c,3,3 8,7,8,a,2,2 6,8,7,b,1,6 9,9,9,c,3,8"
TABLE = {"t.csv": "y,x,z,g,time (s),Sepal.Length\n" + "\n".join(ROWS.split()) + "\n"}
CALLED = {"t.csv": TABLE["t.csv"].replace("Sepal.Length", "log")}
RENAMED = {"t.csv": TABLE["t.csv"].replace("Sepal.Length", "logs")}
PI = {"t.csv": TABLE["t.csv"].replace("Sepal.Length", "pi")}


def told(wrong: str, right: str, says: str, *options: str, more: str = "") -> Case:
    """A formula that is refused, and the one that its hint leads to, with `more` options where it says so."""
    fit = ["fit", "t.csv", *options, "--formula"]
    return Case(shlex.join([*fit, wrong]), TABLE, {says: f"{shlex.join([*fit, right])} {more}".strip()})


SIDES = [
    told("", "y ~ x", "write the target, ~"),
    told("x + z", "y ~ x + z", "write the target and ~"),
    told("y = x + z", "y ~ x + z", "write ~, as in y ~ x + z"),
    told("y <- x", "y ~ x", "write ~, as in y ~ x"),
    told("y ~ x ~ z", "y ~ x + z", "leave it out"),
    told("y ~", "y ~ x", "as in y ~ x + z"),
    told("~ x", "y ~ x", "as in y ~ x + z"),
    told("2 ~ x", "y ~ x", "write a column before ~"),
    told("y/z ~ x", "I(y/z) ~ x", "write I(y/z) before ~"),
    told("y ~ x + y", "y ~ x", "take it out"),
    told("y ~ -1", "y ~ 1", "write 1 for the mean alone"),
]
BRACKETS = [
    told("y ~ (x + z", "y ~ (x + z)", "write the ) that goes with it"),
    told("y ~ log(x", "y ~ log(x)", "write the ) that goes with it"),
    told("y ~ log(x]", "y ~ log(x)", "write ) for the ("),
    told("y ~ x + z)", "y ~ x + z", "take it out"),
    told("y ~ `x", "y ~ `x`", "write the ` that goes with it"),
    told("y ~ x + ()", "y ~ x + (z)", "write a term"),
]
OPERATORS = [
    told("y ~ x z", "y ~ x + z", "write + between terms"),
    told("y ~ 2x", "y ~ I(2*x)", "write I(2*x)"),
    told("y ~ log (x)", "y ~ log(x)", "without the blank"),
    told("y ~ x * * z", "y ~ x * z", "write a term before *"),
    told("y ~ x +", "y ~ x", "take the + out"),
    told("y ~ x, z", "y ~ x + z", "write + between terms"),
    told("y ~ x | g", "y ~ x + g", "write + between terms"),
    told("y ~ x + (1 | g)", "y ~ x + C(g)", "write C(g) in place of the brackets"),
    told("y ~ g %in% x", "y ~ g:x", "write g:x"),
    told("y ~ x %% 2", "y ~ I(x % 2)", "write I(x % 2)"),
    told("y ~ x > 2", "y ~ I(x > 2)", "write I(x > 2)"),
    told("y ~ x == 2", "y ~ I(x == 2)", "write I(x == 2)"),
    told("y ~ x = 2", "y ~ I(x == 2)", "write I(x == 2)"),
    told("y ~ splines::bs(x)", "y ~ bs(x)", "without splines::"),
    told("y ~ d$x", "y ~ x", "write x alone"),
    told("y ~ 'x'", "y ~ x", "without quotes"),
    told("y ~ {x + z}", "y ~ I(x + z)", "write I(…)"),
    told("y ~ x[1]", "y ~ x", "take the brackets out"),
    told("y ~ x & z", "y ~ x:z", "write x:z"),
    told("y ~ x !z", "y ~ x - x + z", "write - to take a term out"),
    told("y ~ x @ z", "y ~ x*z", "use + - * / : **"),
    told("y ~ x − z", "y ~ I(x - z)", "write -"),
    told("y ~ x € z", "y ~ x + z", "leave it out"),
]
ARITHMETIC = [
    told("y ~ z + x/2", "y ~ z + I(x/2)", "write I(x/2)"),
    told("y ~ x + 2", "y ~ I(x + 2)", "I(x + 2) for a sum"),
    told("y ~ x^2", "y ~ I(x**2)", "write I(x**2)"),
    told("y ~ (x + z)**0.5", "y ~ I((x + z)**0.5)", "write I(x**2), with the brackets"),
    told("y ~ x - z", "y ~ I(x - z)", "write I(x - z)"),
    told("y ~ -x", "y ~ I(-x)", "or I(-x)"),
    told("y ~ I(x^2)", "y ~ I(x**2)", "write ** for a power: x**2"),
    told("y ~ I(2x)", "y ~ I(2*x)", "write 2*x"),
    told("y ~ I(x = 2)", "y ~ I(x == 2)", "write =="),
    told("y ~ I(1 < x < 3)", "y ~ I((1 < x) & (x < 3))", "write (1 < x) & (x < 3)"),
    told("y ~ I(x > 1 and z > 2)", "y ~ I((x > 1) & (z > 2))", "write (x > 1) & (z > 2)"),
    told("y ~ I(not x > 2)", "y ~ I(~(x > 2))", "write ~(x > 2)"),
    told("y ~ I(x if z > 2 else 1)", "y ~ where(z > 2, x, 1)", "write where(z > 2, x, 1)"),
    told("y ~ I(x > 1 && z > 2)", "y ~ I((x > 1) & (z > 2))", "for && write &"),
    told("y ~ I(x ! z)", "y ~ I(x != z)", "for ! write ~"),
    told("y ~ I(x %% 2)", "y ~ I(x % 2)", "write %"),
    told("y ~ I(x z)", "y ~ I(x*z)", "write it as in I(x**2)"),
    told("y ~ I(9**9**9*x)", "y ~ I(9*x)", "write the number itself"),
    told("y ~ I([1, 2]*x)", "y ~ I(2*x)", "write numbers and names"),
    told("y ~ I(" + "(" * 70 + "x" + "+1)" * 70 + ")", "y ~ I(x + 70)", "write it shorter"),
]
COLUMNS = [
    Case('fit t.csv --formula "y ~ xx"', TABLE, {"did you mean x?": 'fit t.csv --formula "y ~ x"'}),
    told("y ~ quantity", "y ~ x", "columns: y, x, z"),
    told("y ~ time (s)", "y ~ `time (s)`", "write `time (s)`, with its backticks"),
    told("y ~ log(time (s))", "y ~ log(`time (s)`)", "write `time (s)`, with its backticks"),
    told("y ~ log(x.mean)", "y ~ log(x)", "columns: y, x, z"),
    Case(
        'fit t.csv --formula "y ~ log(log)"',
        CALLED,
        {"rename the column": Input('fit t.csv --formula "y ~ log(logs)"', RENAMED)},
    ),
    Case('fit t.csv --formula "y ~ sin(pi*x)"', PI, {"write `pi`": 'fit t.csv --formula "y ~ sin(`pi`*x)"'}),
]
FUNCTIONS = [
    told("y ~ logg(x)", "y ~ log(x)", "did you mean log?"),
    told("y ~ zeta(x)", "y ~ sqrt(x)", "known here: abs, arccos"),
    told("y ~ z(x)", "y ~ I(z*(x))", "write I(z*(x))"),
    told("y ~ math.sqrt(x)", "y ~ sqrt(x)", "write sqrt(…), without math."),
    told("y ~ factor(g)", "y ~ C(g)", "write C(g)"),
    told("y ~ ordered(g)", "y ~ C(g, Poly)", "write C(g, Poly)"),
    told("y ~ relevel(g, ref='b')", "y ~ C(g, Treatment('b'))", "write C(g, Treatment('b'))"),
    told("y ~ C(g, base=2)", "y ~ C(g, Treatment('b'))", "C(x, Treatment('level'))"),
    told("y ~ C(g, Treatment)", "y ~ C(g, Treatment('b'))", "write C(x, Treatment('level'))"),
    told("y ~ C(g, sum)", "y ~ C(g, Sum)", "write C(x, Sum)"),
    told("y ~ C(g, 5)", "y ~ C(g, Helmert)", "there are Treatment('level'), Sum, Helmert"),
    told("y ~ Sum(g)", "y ~ C(g, Sum)", "write C(x, Sum"),
    told("y ~ I(Sum)", "y ~ C(g, Sum)", "write C(x, Sum)"),
    told("y ~ ns(x, df=3)", "y ~ cr(x, df=3, constraints='center')", "write cr(x, df=3, constraints='center')"),
    told("y ~ s(x)", "y ~ bs(x, df=5)", "or bs(x, df=5)"),
    told("y ~ x + offset(z)", "y ~ x", "leave it out, and give --offset z", "--loss", "poisson", more="--offset z"),
    told("y ~ I(x - mean(x))", "y ~ center(x)", "write center(…)"),
    told("y ~ interaction(g, x)", "y ~ g:x", "write g:x"),
    told("y ~ pmax(x, 5)", "y ~ maximum(x, 5)", "write maximum(x, 5)"),
    told("y ~ lag(x)", "y ~ z", "make the lag a column of the table"),
    told("y ~ cluster(g) + x", "y ~ x", "give --se cluster:g", more="--se cluster:g"),
    told("y ~ poly(x, 2, 3, 4)", "y ~ poly(x, 2)", "write poly(x, 2)"),
    told("y ~ bs(x, knot=[4])", "y ~ bs(x, knots=[4])", "did you mean knots?"),
    told("y ~ poly(x, order=2)", "y ~ poly(x, 2)", "write poly(x, 2)"),
    told("y ~ C(g, contr=Sum)", "y ~ C(g, contrasts=Sum)", "write contrasts=Sum"),
    told("y ~ bs(*x)", "y ~ bs(x, df=5)", "write bs(x, df=5)"),
    told("y ~ Q(x)", "y ~ Q('x')", "write Q('a name')"),
    told("y ~ I(sin)", "y ~ sin(x)", "write sin(x)"),
    told("y ~ I(2)", "y ~ log(x)", "write a column in it"),
    told("y ~ I('a')", "y ~ I(x)", "use names of columns"),
    told("y ~ poly(x, 2.5)", "y ~ poly(x, degree=3)", "write degree=3"),
    told("y ~ poly(x, 2, raw=1)", "y ~ poly(x, 2, raw=True)", "write raw=True"),
    told("y ~ bs(x, df=2)", "y ~ bs(x, df=5)", "write df=5"),
    told("y ~ bs(x, df=5, knots=[4])", "y ~ bs(x, df=5)", "take one of them out"),
    told("y ~ bs(x, knots=2)", "y ~ bs(x, knots=[3, 4])", "write knots=[1, 2]"),
    told("y ~ bs(x, extrapolation='far')", "y ~ bs(x, extrapolation='extend')", "extrapolation='extend'"),
]
SCANNED = ("scan t.csv --formula 'y ~ x + g' -o t.tri",)
SCANS = [
    Case("fit t.tri --target x", TABLE, before=SCANNED),
    Case("fit t.tri --features x", TABLE, before=SCANNED),
    Case("fit t.tri --formula 'y ~ x'", TABLE, before=SCANNED),
    Case(
        "scan t.tri t.csv -o u.tri",
        TABLE,
        {"scan the tables together": "scan t.csv t.csv --formula 'y ~ x + g' -o u.tri"},
        before=SCANNED,
    ),
    Case(
        "scan t.tri u.tri -o v.tri",
        {**TABLE, "u.csv": TABLE["t.csv"].replace("9,9,9,c", "9,9,9,d")},
        {"scan the tables together": "scan t.csv u.csv --formula 'y ~ x + g' -o v.tri"},
        before=(*SCANNED, "scan u.csv --formula 'y ~ x + g' -o u.tri"),
    ),
    Case(
        "path t.csv --formula 'y ~ x'",
        {"t.csv": "x,y,z\n1,2,1\n1,3,2\n1,4,4\n"},
        {"another target before the ~": "path t.csv --formula 'z ~ y'"},
    ),
]
CASES = [*SIDES, *BRACKETS, *OPERATORS, *ARITHMETIC, *COLUMNS, *FUNCTIONS, *SCANS]
