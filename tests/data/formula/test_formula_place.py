"""What is wrong with a model formula is told with its column, before anything in it is evaluated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.spec.formula_functions import CONTRASTS, FUNCTIONS
from gdsolve.spec.formula_place import checked_formula
from gdsolve.status import ExitCode, GdsolveError

COLUMNS = ("y", "x", "z", "g", "time (s)", "Sepal.Length", "log", "class", "一", "二 三")

WRONG = [
    # Both sides, and what stands between them.
    ("", 1, "no formula", "as in y ~ x + z"),
    ("x + z", 6, "no ~ in the formula", "write the target and ~ before the columns"),
    ("y = x + z", 3, "= in the place of ~", "write ~, as in y ~ x + z"),
    ("y <- x", 3, "<- in the place of ~", "write ~, as in y ~ x"),
    ("y ~ x ~ z", 7, "a second ~", "leave it out"),
    ("y ~", 3, "nothing follows ~", "as in y ~ x + z"),
    ("~ x", 1, "no target before ~", "as in y ~ x + z"),
    ("y + x ~ z", 1, "a target is one column or one function of columns", "write I(y + x) before ~"),
    ("y/x ~ z", 1, "a target is one column or one function of columns", "write I(y/x) before ~"),
    ("y^2 ~ z", 1, "a target is one column or one function of columns", "write I(y**2) before ~"),
    ("2 ~ z", 1, "a target that is a number", "write a column before ~"),
    ("y ~ x + y", 9, "'y' is the target itself", "take it out"),
    ("y ~ 0", 5, "no column behind ~", "as in y ~ x + z"),
    ("y ~ -1", 5, "no column behind ~", "write 1 for the mean alone"),
    # Brackets and quotes.
    ("y ~ (x + z", 5, "'(' was never closed", "write the ) that goes with it"),
    ("y ~ log(x", 8, "'(' was never closed", "write the ) that goes with it"),
    ("y ~ log(x]", 10, "']' closes no '('", "write )"),
    ("y ~ x + z)", 10, "')' closes no bracket", "take it out"),
    ("y ~ `x + z", 5, "` was never closed", "write the `"),
    ("y ~ C(g, 'a)", 10, "' was never closed", "write the '"),
    ("y ~ x + ()", 10, "nothing stands before ')'", "write a term"),
    # Operators.
    ("y ~ x z", 7, "no operator between 'x' and 'z'", "write + between terms"),
    ("y ~ 2x", 6, "no operator between '2' and 'x'", "write I(2*x)"),
    ("y ~ log (x)", 9, "no operator between 'log' and '('", "write log(…), without the blank"),
    ("y ~ x * * z", 9, "* with no term after '*'", "write a term before *"),
    ("y ~ x:-z", 7, "- with no term after ':'", "write a term before -"),
    ("y ~ * x", 5, "* with no term before it", "write a term before *"),
    ("y ~ x +", 7, "nothing follows +", "take the + out"),
    ("y ~ x, z", 6, ", has no place in a formula", "write + between terms"),
    ("y ~ x | g", 7, "| has no place", "write + between terms"),
    ("y ~ x + (1 | g)", 12, "effects of groups that are random", "write C(g) in place of the brackets"),
    ("y ~ g %in% x", 7, "%in% has no place", "write g:x for g within x"),
    ("y ~ x %% 2", 7, "%% has no place", "write I(x % 2)"),
    ("y ~ x > 2", 7, "> has no place", "write I(x > 2)"),
    ("y ~ x == 2", 7, "== has no place", "write I(x == 2)"),
    ("y ~ splines::bs(x)", 12, ":: has no place", "write bs(x) without splines::"),
    ("y ~ d$x", 6, "$ has no place", "write x alone"),
    ("y ~ 'x'", 5, "' has no place", "without quotes"),
    ("y ~ {x + z}", 5, "{ has no place", "write I(…)"),
    ("y ~ x[1]", 6, "[ has no place", "take the brackets out"),
    ("y ~ x − z", 7, "'−' has no place", "write -"),
    ("y ∼ x", 3, "'∼' has no place", "write ~"),
    ("y ~ x € z", 7, "'€' has no place", "leave it out"),
    # Arithmetic, which a formula reads otherwise.
    ("y ~ 2*x", 5, "the number 2 within a term", "write I(2*x)"),
    ("y ~ z + x/2", 11, "the number 2 within a term", "write I(x/2)"),
    ("y ~ x + 2", 9, "a term that is the number 2", "I(x + 2) for a sum"),
    ("y ~ x^2", 6, "^ crosses terms, and of one term", "write I(x**2)"),
    ("y ~ log(x)**2", 11, "** crosses terms, and of one term", "write I(log(x)**2)"),
    ("y ~ (x + z)**0.5", 14, "which '0.5' is not", "write I(x**2)"),
    ("y ~ (x + z)**g", 14, "which 'g' is not", "write I(x**2)"),
    ("y ~ x - z", 9, "there is no term z to take out", "write I(x - z)"),
    ("y ~ -x", 6, "there is no term x to take out", "write + x, or I(-x)"),
    ("y ~ I(x^2)", 8, "^ within a function", "write ** for a power: x**2"),
    ("y ~ poly(`time (s)`^2)", 20, "^ within a function", "`time (s)`**2"),
    ("é ~ I(é^2)", 8, "^ within a function", "é**2"),
    ("y ~ I(2x)", 7, "no formula: invalid decimal literal", "write 2*x"),
    ("y ~ I(x = 2)", 7, "I has no argument 'x'", "write ==, as in I(x == 2)"),
    ("y ~ I(1 < x < 3)", 7, "such a comparison", "write (1 < x) & (x < 3)"),
    ("y ~ I(x > 1 & x < 3)", 7, "such a comparison", "write (x > 1) & (x < 3)"),
    ("y ~ I(x and z)", 7, "and, or", "write (x) & (z)"),
    ("y ~ I(not x)", 7, "not has no place", "write ~(x)"),
    ("y ~ I(x if z else 1)", 7, "if … else", "write where(z, x, 1)"),
    ("y ~ I(x && z)", 10, "no formula: invalid syntax", "for && write &"),
    ("y ~ I(9**9**9*x)", 7, "a power of numbers that may be too large", "write the number itself"),
    ("y ~ I([1, 2]*x)", 7, "only columns and numbers", "write numbers and names"),
    # Columns.
    ("y ~ xx", 5, "no column 'xx'", "did you mean x? columns: y, x, z, g, `time (s)`, Sepal.Length, log, class, "),
    ("y ~ log(xx)", 9, "no column 'xx'", "did you mean x?"),
    ("y ~ quantity", 5, "no column 'quantity'", "columns: y, x, z"),
    ("yy ~ x", 1, "no column 'yy'", "did you mean y?"),
    ("y ~ time (s)", 10, "no operator between 'time' and '('", "write `time (s)`, with its backticks"),
    ("y ~ log(time (s))", 9, "unknown function 'time'", "write `time (s)`, with its backticks"),
    ("y ~ log(log)", 9, "log is a column here, and a", "rename the"),
    ("y ~ pi*x", 5, "no column 'pi'", "columns: y, x, z"),
    # Functions.
    ("y ~ logg(x)", 5, "unknown function 'logg'", "did you mean log?"),
    ("y ~ zeta(x)", 5, "unknown function 'zeta'", "known here: abs, arccos"),
    ("y ~ z(x)", 5, "unknown function 'z'", "for a product write I(z*(x)), for an interaction z:(x)"),
    ("y ~ math.sqrt(x)", 5, "unknown function 'math.sqrt'", "write sqrt(…), without math."),
    ("y ~ x.mean()", 5, "unknown function 'x.mean'", "known here"),
    ("y ~ factor(g)", 5, "unknown function 'factor'", "write C(g)"),
    ("y ~ as.factor(g)", 5, "unknown function 'as.factor'", "write C(g)"),
    ("y ~ ordered(g)", 5, "unknown function 'ordered'", "write C(g, Poly)"),
    ("y ~ relevel(g, ref='b')", 5, "unknown function 'relevel'", "write C(g, Treatment('b'))"),
    ("y ~ C(g, base=2)", 10, "C has no argument 'base'", "C(x, Treatment('level'))"),
    ("y ~ C(g, Treatment)", 10, "Treatment is no set of contrasts", "write C(x, Treatment('level'))"),
    ("y ~ C(g, sum)", 10, "sum is no set of contrasts", "write C(x, Sum)"),
    ("y ~ C(g, 5)", 10, "5 is no set of contrasts", "there are Treatment('level'), Sum, Helmert"),
    ("y ~ I(Sum)", 7, "Sum is a function", "write C(x, Sum)"),
    ("y ~ Sum(x)", 5, "Sum makes contrasts", "write C(x, Sum(x))"),
    ("y ~ I(2)", 5, "I(2) names no column", "write a column in it"),
    ("y ~ I('a')", 7, "such a constant has no place", "use names of columns"),
    ("y ~ poly(x, 2.5)", 13, "degree of poly is a whole number of 1 or more", "write degree=3"),
    ("y ~ poly(x, degree=0)", 20, "degree of poly is a whole number", "write degree=3"),
    ("y ~ poly(x, 2, raw=1)", 20, "raw of poly is True or False", "write raw=True"),
    ("y ~ poly(x, 2, degree=2)", 5, "poly has an argument twice", "write poly(x, 2)"),
    ("y ~ bs(x, df=2)", 14, "df of bs is 3 or more here", "write df=5"),
    ("y ~ bs(x, df=3, include_intercept=True)", 14, "df of bs is 4 or more here", "write df=6"),
    ("y ~ bs(x, df=5, knots=[1])", 14, "bs takes df or knots, not both", "take one of them out"),
    ("y ~ bs(x, knots=2)", 17, "knots of bs is a list", "write knots=[1, 2]"),
    ("y ~ bs(x, extrapolation='far')", 25, "extrapolation of bs is 'raise' or 'clip'", "extrapolation='extend'"),
    ("y ~ cr(x, df=1)", 14, "df of cr is 2 or more here", "write df=4"),
    ("y ~ C(g, levels='a')", 17, "levels of C is a list", "write levels=['a', 'b']"),
    ("y ~ ns(x, df=5)", 5, "unknown function 'ns'", "write cr(x, df=5, constraints='center')"),
    ("y ~ s(x)", 5, "unknown function 's'", "or bs(x, df=5)"),
    ("y ~ x + offset(z)", 9, "unknown function 'offset'", "leave it out, and give --offset z"),
    ("y ~ I(x - mean(x))", 11, "unknown function 'mean'", "write center(…)"),
    ("cbind(y, x) ~ z", 1, "unknown function 'cbind'", "write a row for each outcome"),
    ("y ~ interaction(g, x)", 5, "unknown function 'interaction'", "write g:x"),
    ("y ~ pmax(x, 0)", 5, "unknown function 'pmax'", "write maximum(x, 0)"),
    ("y ~ lag(x)", 5, "unknown function 'lag'", "make the lag a column of the table"),
    ("y ~ poly(x, 2, 3, 4)", 5, "poly takes 1 to 3 arguments, not 4", "write poly(x, 2)"),
    ("y ~ poly()", 5, "poly takes 1 to 3 arguments, not 0", "write poly(x, 2)"),
    ("y ~ bs(x, knot=[1])", 11, "bs has no argument 'knot'", "did you mean knots?"),
    ("y ~ bs(*x)", 5, "bs takes its arguments one by one", "write bs(x, df=5)"),
    ("y ~ Q(x)", 5, "Q takes the name of a column in quotes", "write Q('a name')"),
    ("y ~ sin", 5, "no column 'sin'", "columns: y"),
    ("y ~ I(sin)", 7, "sin is a function", "write sin(x)"),
]


@pytest.mark.parametrize(("formula", "column", "words", "hint"), WRONG, ids=[one[0] for one in WRONG])
def test_the_place_of_what_is_wrong(formula: str, column: int, words: str, hint: str) -> None:
    columns = (*COLUMNS, "é") if "é" in formula else COLUMNS
    with pytest.raises(GdsolveError) as caught:
        checked_formula(formula, columns)
    fault = caught.value
    assert (fault.column, fault.option, fault.exit_code) == (column, "formula", ExitCode.USAGE)
    assert fault.message.startswith(f"formula: column {column}: ") and words in fault.message, fault.message
    assert hint in (fault.hint or ""), fault.hint


HARMFUL = [
    "__import__('os').system('touch harm')",
    "I(__import__('os').system('touch harm'))",
    "np.load('model.npy', allow_pickle=True)",
    "np.fromfile('/etc/passwd')",
    "I(open('/etc/passwd'))",
    "I(().__class__.__bases__)",
    "log.__globals__(x)",
    "I((lambda: 1)())",
    "I([z for z in x])",
    "I({'a': x})",
    "I(f'{x}')",
    "I(x := 1)",
    "C(g, contr.custom(x))",
    "eval('x')",
    "I(x, **z)",
    "I(__FORMULAIC_CONTEXT__['x'])",
    "hashed(g, 2, hash_func=print)",
    "Q(Q('x'))",
    "log(x)(z)",
    "log(x).real",
    "I('a'*10**9)",
]


@pytest.mark.parametrize("term", HARMFUL)
def test_nothing_but_names_numbers_and_known_functions_is_let_through(term: str) -> None:
    for formula in (f"y ~ {term}", f"{term} ~ x"):
        with pytest.raises(GdsolveError) as caught:
            checked_formula(formula)
        assert caught.value.exit_code == ExitCode.USAGE and caught.value.hint


FINE = [
    ("log(y) ~ x*z + poly(x, 2) + C(g) - 1", ("y", "x", "z", "g"), None),
    ("y ~ (x + z + g)^2 - x:z", ("y", "x", "z", "g"), None),
    ("y ~ x/g + 0", ("y", "x", "g"), None),
    ("y ~ . - x", ("y", "x"), None),
    ("y ~ 1", ("y",), None),
    ("y ~ x - 1", ("y", "x"), None),
    ("y ~ `time (s)` + log(`time (s)`)", ("y", "time (s)"), None),
    ("y ~ Q('time (s)')", ("y", "time (s)"), None),
    ("y ~ Sepal.Length + log(Sepal.Length)", ("y", "Sepal.Length"), "y ~ Sepal.Length + log(`Sepal.Length`)"),
    ("log(Sepal.Length) ~ x", ("Sepal.Length", "x"), "log(`Sepal.Length`) ~ x"),
    ("y ~ C(g, contr.treatment('b')) + C(g, Sum) + C(g, levels=['b', 'a'])", ("y", "g"), None),
    ("y ~ np.sqrt(x) + sin(2*pi*x) + cos(2*np.pi*x)", ("y", "x"), None),
    ("y ~ bs(x, knots=[1, 2], degree=2) + I((x > 1) & ~(z < 2)) + I(x != 2)", ("y", "x", "z"), None),
    ("y ~ where(x > 0, x, -1.5e-3) + clip(x, 0, 1) + maximum(x, z)", ("y", "x", "z"), None),
    ("I(y + z) ~ x", ("y", "z", "x"), None),
    ("y ~ x + log", ("y", "x", "log"), None),
    ("y~x+-+z", ("y", "x", "z"), None),
    ("y ~ I(g == 'a')", ("y", "g"), None),
    ("y ~ x + z - x", ("y", "x", "z"), None),
    ("y ~ log(class) + C(`class`)", ("y", "class"), "y ~ log(`class`) + C(`class`)"),
    ("y ~ log(一) + log(`二 三`)", ("y", "一", "二 三"), None),
]


@pytest.mark.parametrize(("formula", "columns", "standard"), FINE, ids=[one[0] for one in FINE])
def test_what_is_let_through(formula: str, columns: tuple[str, ...], standard: str | None) -> None:
    read = checked_formula(formula, COLUMNS)
    assert (read.columns, read.standard) == (columns, standard or formula)
    assert read.target == formula.partition("~")[0].strip()


def test_a_formula_is_checked_before_the_columns_are_known() -> None:
    assert checked_formula("y ~ xx").columns == ("y", "xx")


def test_a_dot_is_part_of_a_name_and_no_attribute() -> None:
    read = checked_formula("y ~ I(x.__class__) + log(x.T)")
    assert read.standard == "y ~ I(`x.__class__`) + log(`x.T`)" and read.columns == ("y", "x.__class__", "x.T")
    with pytest.raises(GdsolveError, match=r"no column 'x\.__class__'"):
        checked_formula("y ~ I(x.__class__)", COLUMNS)


def test_places_of_names() -> None:
    read = checked_formula("log(y) ~ é + log(`time (s)`) + Sepal.Length", (*COLUMNS, "é"))
    found = {one.name: one.column for one in (*read.target_mentions, *read.mentions) if not one.called}
    assert found == {"y": 5, "é": 10, "time (s)": 18, "Sepal.Length": 32}


@given(st.text(st.sampled_from("yxzg1290 ~+-*/:^()`'\",.|%[]{}=<>&!logCI\\\n\0é")))
def test_whatever_is_typed_is_read_or_told_at_its_place(text: str) -> None:
    try:
        checked_formula(text, COLUMNS)
    except GdsolveError as fault:
        assert fault.column is not None and 1 <= fault.column <= len(text) + 1, (text, fault.message)
        assert fault.hint and "\n" not in fault.hint


def test_every_function_shows_how_it_is_written() -> None:
    for name, signature in FUNCTIONS.items():
        form = f"C(x, {signature.form})" if name in CONTRASTS else signature.form
        read = checked_formula(f"y ~ {form}", ("y", "x", "z", "lower", "upper", "a name"))
        assert read.columns[0] == "y" and len(read.columns) > 1
