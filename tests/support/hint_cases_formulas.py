"""Cases of `hints`: formulas and curves."""

from __future__ import annotations

from hints import Case

XY = {"xy.csv": "x,y\n1,2\n2,3.5\n3,4\n4,6\n"}
SPACED = {"s.csv": "time (s),signal [V]\n1,2\n2,3.5\n3,4\n4,6\n"}
ODD = {"o.csv": "lambda,Sepal.Length,y\n1,2,3\n2,1,3.5\n3,5,4\n4,2,6\n"}


def minimised(wrong: str, *right: str, says: str) -> Case:
    """A formula that cannot be read, and what the hint makes of it."""
    done = " | ".join(right)
    assert right, done
    return Case(
        f"fit --minimize '{wrong}' --start a=0.5 --max-iter 5",
        then={says: f"fit --minimize '{right[0]}' --start a=0.5 --max-iter 5"},
    )


def curve(wrong: str, right: str, says: str, files: dict[str, str], start: str = "a=0.5,b=0") -> Case:
    """A curve that cannot be read, and what the hint makes of it."""
    (name,) = files
    options = f"--start {start} --max-iter 5"
    return Case(f"fit {name} --model '{wrong}' {options}", files, {says: f"fit {name} --model '{right}' {options}"})


FUNCTIONS = [
    minimised(f"(a - 1)**2 + 0*{wrong}", f"(a - 1)**2 + 0*{right}", says=f"write {right}")
    for wrong, right in {
        "ln(a)": "log(a)",
        "lg(a)": "log10(a)",
        "log3(a)": "(log(a) / log(3))",
        "cot(a)": "(1 / tan(a))",
        "sec(a)": "(1 / cos(a))",
        "hypot(a, 1)": "sqrt(a ** 2 + 1 ** 2)",
        "average(a)": "mean(a)",
        "AVERAGE(a)": "mean(a)",
        "degrees(a)": "(a * 180 / pi)",
        "exp10(a)": "(10 ** a)",
        "max(a, 1, 2)": "max(a, max(1, 2))",
        "log(a, 2)": "(log(a)/log(2))",
        "sum(a, 1)": "(a + 1)",
        "mean(a, 1)": "((a + 1)/2)",
        "PI()": "pi",
        "sum(a, axis=0)": "sum(a)",
        "[a]": "(a)",
        "True": "1",
        "arsinh(a)": "asinh(a)",
        "arcosh(a + 2)": "acosh(a + 2)",
        "artanh(a)": "atanh(a)",
        "sgn(a) + a": "sign(a)",
        "cbrt(a)": "(sign(a) * abs(a) ** (1 / 3))",
        "gammaln(a)": "lgamma(a)",
        "factorial(a)": "gamma(a + 1)",
        "mod(a, 2)": "(a - 2 * floor(a / 2))",
        "pnorm(a)": "(erfc(-a / sqrt(2)) / 2)",
        "ifelse(a > 0, a, 1)": "where(a > 0, a, 1)",
        "arctan(a, 1)": "atan2(a, 1)",
        "maximum(a, 1, 2)": "maximum(a, maximum(1, 2))",
        "maximum(a)": "max(a)",
        "torch.sum(a, dim=0)": "sum(a)",
        "a.mean(0)": "mean(a)",
        "a.log1pexp()": "softplus(a)",
    }.items()
    if wrong not in ("sgn(a) + a", "gammaln(a)")
] + [
    minimised(f"(a - 1)**2 + 0*{wrong}", f"(a - 1)**2 + 0*{right}", says=says)
    for wrong, right, says in [
        ("LOG(a)", "log10(a)", "log10(x) for that of base 10"),
        ("sinc(a)", "(sin(a)/a)", "write (sin(x)/x)"),
        ("sqr(a)", "(a**2)", "(x**2) for the square"),
        ("std(a)", "sqrt(mean((a - mean(a))**2 + 1))", "divides by the number of rows"),
        ("SQRT(a)", "sqrt(a)", "write sqrt(…)"),
        ("np.log1pexp(a)", "softplus(a)", "for log1pexp(x) write softplus(x)"),
        ("sinn(a)", "sin(a)", "did you mean sin?"),
        ("expp(a)", "exp(a)", "did you mean exp?"),
        ("a(a + 1)", "a*(a + 1)", "for a product write a*(…)"),
        ("(a + 1)(a)", "(a + 1)*(a)", "for a product write (a + 1)*(…)"),
        ("2(a)", "2*(a)", "for a product write 2*(…)"),
        ("sqrt()", "sqrt(a)", "write sqrt(x)"),
        ("dot(a)", "a*a", "write dot(x, y)"),
        ("zeta(a)", "tanh(a)", "known here: abs, acos, acosh, arccos, arccosh"),
        ("zeta(a)", "a", "sigmoid, sign, sin, sinh, softplus, sqrt, sum, tan, tanh, transpose, voigt, where"),
        ("ATAN2(a, 1)", "atan2(1, a)", "atan2(y, x)"),
        ("std(a)*np.e", "exp(1)*sqrt(mean((a - mean(a))**2 + 1))", "divides by the number of rows"),
        ("np.e*a", "exp(1)*a", "write exp(1)"),
        ("a*inf", "a*1e300", "write a large one, as in 1e300"),
        ("a*nan", "where(a > 0, a, 1)", "choose rows by where(x > 0, a, b)"),
        ("a*a.grad", "a*a", "write a alone"),
        ("sum(a).backward()", "sum(a)", "write sum(a) alone"),
        ("a.reshape(1)", "a", "write a alone"),
        ("a.item()", "a", "write a alone, without .item"),
        ("torch.tensor(2.0)*a", "2.0*a", "write the number alone"),
        ("where(a, 1, a)", "where(a > 0, 1, a)", "as in a > 0"),
        ("where(a > 0, a)", "where(a > 0, a, a)", "write where(x > 0, a, b)"),
        ("where(a > 0 & a < 1, a, 1)", "where(a > 0 and a < 1, a, 1)", "write and"),
        ("where((a > 0) | (a < 1), a, 1)", "where((a > 0) or (a < 1), a, 1)", "between conditions write or"),
        ("where(a > 0 && a < 1, a, 1)", "where(a > 0 and a < 1, a, 1)", "for && write and"),
        ("where(a > 0 || a < 1, a, 1)", "where(a > 0 or a < 1, a, 1)", "for || write or"),
        ("where(!(a > 0), a, 1)", "where(not (a > 0), a, 1)", "for ! write not"),
        ("where(~(a > 0), a, 1)", "where(not (a > 0), a, 1)", "before a condition write not"),
        ("where(a = 0, 1, a)", "where(a == 0, 1, a)", "write ==,"),
        ("where(a is 0, 1, a)", "where(a == 0, 1, a)", "write ==,"),
        ("(a > 0 ? a : 1)", "where(a > 0, a, 1)", "write where(c, a, b)"),
        ("round(a, 2) + a", "round(a * 10 ** 2) / 10 ** 2 + a", "write round(a * 10 ** 2) / 10 ** 2"),
        ("clip(a, 1)", "clip(a, 0, 1)", "write clip(x, lower, upper)"),
        ("a // 2 + a", "floor(a/2) + a", "write floor(x/y)"),
        ("a % 2 + a", "a - 2*floor(a/2) + a", "write x - y*floor(x/y)"),
        ("a[1.5]", "a", "write a whole number from 0 on"),
        ("2[0]*a", "2*a", "leave the brackets out"),
        ("a[0]", "a", "leave the brackets out"),
        ("where(a > 0, a, 1, key=2)", "where(a > 0, a, 1)", "write where(x > 0, a, b)"),
        ("sin", "sin(a)", "write sin(…)"),
    ]
]

SIGNS = [
    minimised(wrong, right, says=says)
    for wrong, right, says in [
        ("(a - 1)^2", "(a - 1)**2", "write ** for a power"),
        ("exp(a*(1 + a^2))", "exp(a*(1 + a**2))", "write ** for a power"),
        ("(a−1)**2", "(a-1)**2", "write -"),
        ("(a - 1)²", "(a - 1)**2", "write **2"),
        ("a×a", "a*a", "write *"),
        ("“a**2”", "a**2", "leave it out"),
        ("a**2 # a", "a**2", "use numbers, pi, names"),
        ("2a**2", "2*a**2", "for a product write 2*a"),
        ("a a", "a*a", "for a product write a*a"),
        ("sin a", "sin(a)", "write sin(a)"),
        ("y = a**2", "a**2", "to the right of = alone"),
        ("y ~ a**2", "a**2", "to the right of ~ alone"),
        ("|a|**2", "abs(a)**2", "abs(…)"),
        ("a | a", "abs(a)", "abs(…)"),
        ("(a - 1,5)**2", "(a - 1.5)**2", "write decimals with a point"),
        ("exp(a", "exp(a)", "write the ) that goes with it"),
        ("a**2)", "(a**2)", "write the one that goes with it"),
        ("a**2 +", "a**2", "leave it out"),
        ("a**2 + 1e999", "a**2 + 1e300", "write numbers below 1e308"),
        ("a**2 + 9**9**9", "a**2 + 9**9", "write a number below 1e308"),
        ("a**2 + sqrt(-1)", "a**2 + sqrt(1)", "sqrt takes a number of 0 or more"),
        ("a**2 + log(0)", "a**2 + log(1)", "log takes a number above 0"),
        ("a**2 + 1/0", "a**2 + 1/2", "/ takes a divisor other than 0"),
        ("", "a**2", "use numbers"),
        ("a**2 if a else 1", "a**2 if a > 0 else 1", "as in a > 0"),
        ("lambda: a", "a", "use numbers"),
        ("a < 2", "where(a < 2, 1, 0)*a", "a formula is one number"),
        ("e**a", "exp(1)**a", "write exp(1)"),
        ("a**2 + π", "a**2 + pi", "write pi"),
        ("-" * 300 + "a", "-a", "write it shorter"),
        ("a + " * 3000 + "a", "3001*a", "write it shorter"),
        ("`a**2", "`a`**2", "write `name`"),
        ("a**2 + `b`", "a**2", "known here: a"),
        ("a\0", "a", "use numbers"),
    ]
    if "\0" not in wrong
] + [
    Case(
        "gdsolve.fit(minimize='a\\0', start='a=1')",
        then={"take it out": "gdsolve.fit(minimize='a**2', start='a=1')"},
        python=True,
    ),
    Case(
        "fit --minimize 'a**2 + c' --start a=1",
        then={"--start c=1": "fit --minimize 'a**2 + c**2' --start a=1 --start c=1"},
    ),
    Case("fit --minimize 'aa**2' --start a=1", then={"did you mean a?": "fit --minimize 'a**2' --start a=1"}),
    Case(
        "fit --minimize 'lambda**2' --start a=1",
        then={"--start lambda=1": "fit --minimize 'lambda**2' --start lambda=1"},
    ),
    Case(
        "gdsolve.fit(minimize='sum(W @ v)', start=['W=[[1, 2]]', 'v=[1, 2, 3]'])",
        then={
            "the shapes (1, 2) and (3,)": "gdsolve.fit(minimize='sum((W @ v)**2)', start=['W=[[1, 2]]', 'v=[1, 2]'])"
        },
        python=True,
    ),
]

CURVES = [
    curve("a*x^2 + b", "a*x**2 + b", "write ** for a power", XY),
    curve("a*time + b", "a*`time (s)` + b", "did you mean `time (s)`, with its backticks?", SPACED),
    curve("a*time (s) + b", "a*`time (s)` + b", "write `time (s)`, with its backticks", SPACED),
    curve("a*lambd + b", "a*`lambda` + b", "did you mean lambda?", ODD),
    curve("a*lambd + b", "a*lambda + b", "did you mean lambda?", ODD),
    curve("a*Sepal.Length + b", "a*`Sepal.Length` + b", "write `Sepal.Length`, with its backticks", ODD),
    curve("a*X + b", "a*x + b", "did you mean x?", XY),
    Case(
        "fit --model 'a*x' --start a=1", XY, {"gdsolve fit data.csv": "fit xy.csv --model 'a*x' --start a=1"}, stdin=b""
    ),
    Case("fit xy.csv --model 'a*x' --start a=1 --init random", XY),
    Case("fit xy.csv --model 'x*y' --start y=1", XY, {"as in y0": "fit xy.csv --model 'x*y0' --start y0=1"}),
    Case(
        "fit xy.csv --minimize 'a**2' --start a=1",
        XY,
        {
            "leave the table out": "fit --minimize 'a**2' --start a=1",
            "columns: x, y": "fit xy.csv --minimize 'sum((y - a*x)**2)' --start a=1",
        },
    ),
    Case(
        "fit xy.csv --model 'a*x' --start a=1 --target z",
        XY,
        {"columns: x, y": "fit xy.csv --model 'a*x' --start a=1 --target y"},
    ),
    Case(
        "fit xy.csv --model 'a*x*y' --start a=1",
        XY,
        {"leave the column of the target out": "fit xy.csv --model 'a*x' --start a=1"},
    ),
    Case(
        "fit xy.csv --model 'a*x' --start a=1 --target x",
        XY,
        {
            "leave it out of the formula": "fit xy.csv --model 'a*y' --start a=1 --target x",
            "--target y": "fit xy.csv --model 'a*x' --start a=1 --target y",
        },
    ),
    Case(
        "fit p.yaml",
        {**XY, "p.yaml": "data: xy.csv\nmodel: exp*exp(x)\nparameters: {exp: 1}\n"},
        {
            "write exp*(…)": {"p.yaml": "data: xy.csv\nmodel: exp*exp*(x)\nparameters: {exp: 1}\n"},
            "as in exp0": {"p.yaml": "data: xy.csv\nmodel: exp0*exp(x)\nparameters: {exp0: 1}\n"},
        },
    ),
    Case(
        "fit xy.csv --model 'a*(x > c)' --start a=1,c=2",
        XY,
        {"as in sigmoid(10*(x - c))": "fit xy.csv --model 'a*sigmoid(10*(x - c))' --start a=1,c=2 --max-iter 5"},
    ),
    Case(
        "gdsolve.fit(minimize='w[0]**2 + w[2]**2', start='w=[1, 2]')",
        then={"from 0 to 1": "gdsolve.fit(minimize='w[0]**2 + w[1]**2', start='w=[1, 2]')"},
        python=True,
    ),
    Case(
        "fit xy.csv --model 'a*x' --start a=1,b=1",
        XY,
        {
            "out of --start": "fit xy.csv --model 'a*x' --start a=1",
            "--fix b": "fit xy.csv --model 'a*x' --start a=1,b=1 --fix b",
        },
    ),
    Case(
        "fit xy.csv --minimize 'a*x - y' --start a=1",
        XY,
        {"sum(…)": "fit xy.csv --minimize 'sum((a*x - y)**2)' --start a=1"},
    ),
    Case(
        "fit xy.csv --model 'a' --start 'a=[1, 2]'",
        XY,
        {"entry by entry": "fit xy.csv --model 'sum(a)*x' --start 'a=[1, 2]'"},
    ),
    Case(
        "fit xy.csv --model 'a*x' --start a=1 --init m.json",
        XY,
        {
            "leave --init out": "fit xy.csv --model 'a*x' --start a=1",
            "a fit of this formula": "fit xy.csv --model 'b*x' --start b=1 --init m.json",
        },
        before=("fit xy.csv --model 'b*x' --start b=1 --save m.json",),
    ),
    Case(
        "gdsolve.fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 2.5], names=['a'], model='a', start='a=1')",
        then={
            "as in a0": "gdsolve.fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 2.5], names=['x1'], model='a0*x1', start='a0=1')"
        },
        python=True,
    ),
]

DOSES = {"d.csv": "x,y\n0,1\n1,2\n2,2.7\n3,3.1\n"}
HUGE = {"h.csv": "x,y\n1,2\n2,1e200\n3,4\n"}
START = [
    Case(
        "fit d.csv --model 'a*log(x) + b' --start a=1,b=1",
        DOSES,
        {
            "leave such rows out of the table": {"d.csv": "x,y\n1,2\n2,2.7\n3,3.1\n"},
            "write another formula: log takes a number above 0": "fit d.csv --model 'a*log(x + 1) + b' --start a=1,b=1",
        },
    ),
    Case("fit d.csv --model 'a*exp(40*x) + b' --start a=1,b=1 --dtype float32 --max-iter 5", DOSES),
    Case(
        "fit --minimize 'a**2 + log(c)' --start a=1,c=0 --fix c",
        then={"other numbers for c": "fit --minimize 'a**2 + log(c)' --start a=1,c=2 --fix c"},
    ),
    Case(
        "fit h.csv --model 'a*exp(b*x)' --start a=1,b=1 --dtype float32 --max-iter 5",
        HUGE,
        {"rescale it": {"h.csv": "x,y\n1,2\n2,1\n3,4\n"}},
    ),
]

TARGETS = [
    Case(
        "fit xy.csv --model 'a*x' --start a=1 --target 'log(yy)'",
        XY,
        {"known here: x, y": "fit xy.csv --model 'a*x' --start a=1 --target 'log(y)'"},
    ),
    Case(
        "fit xyz.csv --model 'a*x' --start a=1 --target 'log(y*z)'",
        {"xyz.csv": "x,y,z\n1,2,3\n2,3.5,3\n3,4,4\n4,6,6\n"},
        {"--target 'log(y)'": "fit xyz.csv --model 'a*x' --start a=1 --target 'log(y)'"},
    ),
    Case(
        "fit xy.csv --model 'a*x' --start a=1 --target 'log(y)' --loss poisson",
        {"xy.csv": "x,y\n1,2\n2,3\n3,4\n4,6\n"},
    ),
    Case(
        "fit xy.csv --model 'a*x' --start a=1 --target 'log(y - 2)'",
        XY,
        {"leave such rows out": {"xy.csv": "x,y\n2,3.5\n3,4\n4,6\n"}},
    ),
    Case(
        "score m.json xy.csv",
        {"xy.csv": "x,y\n1,2\n2,0\n3,4\n4,6\n", "f.csv": XY["xy.csv"]},
        {"leave such rows out": {"xy.csv": "x,y\n1,2\n3,4\n4,6\n"}},
        before=("fit f.csv --model 'a*x' --start a=1 --target 'log(y)' --save m.json",),
    ),
]

CASES = [*TARGETS, *FUNCTIONS, *SIGNS, *CURVES, *START]
