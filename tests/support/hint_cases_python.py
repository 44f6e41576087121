"""Cases of `hints`: calls from Python."""

from __future__ import annotations

from hints import Case

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
X = "[[1.0], [3.0], [4.0]]"
Y = "[2.0, 4.0, 6.0]"


def says(wrong: str, words: str, right: str, files: dict[str, str] | None = None) -> Case:
    """A call that fails, and what it is to be where the hint says these words."""
    return Case(wrong, files or {}, {words: right}, python=True)


FIT = f"gdsolve.fit({X}, {Y})"
MODEL = f"m = {FIT}; "
FRAME = "f = pl.DataFrame({'x': [1.0, 3.0, 4.0]}); "

CALLS = [
    says("gdsolve.fit()", "give fit(X, y)", FIT),
    says("gdsolve.compare_lr()", "or the path of a table", "gdsolve.compare_lr('two.csv', lr=[0.1, 0.2])", TWO),
    says(f"gdsolve.fit(y={Y})", "give fit(X, y)", FIT),
    says(f"gdsolve.fit({X})", "give fit(X, y)", FIT),
    says(f"gdsolve.fit('two.csv', {Y})", 'give target="…"', "gdsolve.fit('two.csv', target='y')", TWO),
    says("gdsolve.fit('two.csv', names=['x'])", "leave it out", "gdsolve.fit('two.csv')", TWO),
    says(f"gdsolve.fit({X}, {Y}, learning_rate=0.1)", "did you mean lr?", f"gdsolve.fit({X}, {Y}, lr=0.1)"),
    says(f"gdsolve.fit({X}, {Y}, zzz=0.1)", "there are target, formula", f"gdsolve.fit({X}, {Y}, target='y')"),
    *(
        says(f"gdsolve.fit({X}, {Y}, {option})", "", FIT)
        for option in ("format='json'", "quiet=True", "verbose=True", "watch=True", "exit_zero=True")
    ),
    says(f"gdsolve.fit({X}, {Y}, data='two.csv')", "gdsolve.fit(X, y)", FIT, TWO),
    says(
        f"gdsolve.fit({X}, {Y}, iterates=3)",
        "it goes with compare_lr",
        f"gdsolve.compare_lr({X}, {Y}, iterates=3, lr=[0.1, 0.2])",
    ),
    says(f"gdsolve.predict(3, {X})", "what gdsolve.fit returned", MODEL + f"gdsolve.predict(m, {X})"),
    says(MODEL + f"gdsolve.predict(m, {X}, out=io.StringIO())", "leave it out", MODEL + f"gdsolve.predict(m, {X})"),
    says(
        MODEL + "gdsolve.predict(m, 'two.csv', out=3)",
        "leave it out",
        "m = gdsolve.fit('two.csv'); gdsolve.predict(m, 'two.csv')",
        TWO,
    ),
    says(
        "gdsolve.fit('two.csv', lr=[0.1, 0.2])",
        "run gdsolve compare-lr",
        "gdsolve.compare_lr('two.csv', lr=[0.1, 0.2])",
        TWO,
    ),
    says(
        "from gdsolve.solve.fit import fit; fit(gdsolve.spec.Spec(lr=(0.1, 0.2)))",
        "run gdsolve compare-lr",
        f"gdsolve.compare_lr({X}, {Y}, lr=[0.1, 0.2])",
    ),
    says(
        "gdsolve.check(minimize='a**2', start='a=1')", "it goes with fit", "gdsolve.fit(minimize='a**2', start='a=1')"
    ),
]

CHECKED = [
    says(f"gdsolve.check({X}, {Y}, names=['a', 'b'])", "a name of its own", f"gdsolve.check({X}, {Y}, names=['a'])"),
    says(
        f"gdsolve.check(pl.DataFrame({{'y': [1.0, 3.0, 4.0]}}), {Y})",
        "another name",
        f"gdsolve.check(pl.DataFrame({{'x': [1.0, 3.0, 4.0]}}), {Y})",
    ),
    says(f"gdsolve.check({X}, [1.0, 2.0])", "one y for every row", f"gdsolve.check({X}, {Y})"),
]

ARRAYS = [
    says(
        FRAME + f"gdsolve.fit(f.lazy(), {Y})", "give frame.collect()", FRAME + f"gdsolve.fit(f.lazy().collect(), {Y})"
    ),
    says(
        f"gdsolve.fit([[1.0, 1.0], [3.0, 2.0], [4.0, 1.0]], {Y}, names=['a', 'a'])",
        "a name of its own",
        f"gdsolve.fit([[1.0, 1.0], [3.0, 2.0], [4.0, 1.0]], {Y}, names=['a', 'b'])",
    ),
    says(
        FRAME + f"import types; gdsolve.fit(types.SimpleNamespace(columns=['a', 'a']), {Y})",
        "a name of its own",
        f"gdsolve.fit([[1.0, 1.0], [3.0, 2.0], [4.0, 1.0]], {Y}, names=['a', 'b'])",
    ),
    says(f"gdsolve.fit({X}, {Y}, names='a')", 'names=["a", "b"]', f"gdsolve.fit({X}, {Y}, names=['a'])"),
    says(f"gdsolve.fit({X}, [[2.0, 1.0], [4.0, 1.0], [6.0, 1.0]])", "one number for every row", FIT),
    says(f"gdsolve.fit([[1.0], [3.0, 1.0], [4.0]], {Y})", "the same number of numbers", FIT),
    says(f"gdsolve.fit(np.zeros((3, 1, 1)), {Y})", "for one column", FIT),
    says(
        f"gdsolve.fit(np.array([['2020-01-01'], ['2020-01-02'], ['2020-01-04']], dtype='datetime64[D]'), {Y})",
        'ignore=["x"]',
        FIT,
    ),
    says(f"gdsolve.fit(np.array([[1j], [2j], [3j]]), {Y})", "real and imaginary parts", FIT),
    says(f"gdsolve.fit([['a', 1j], ['b', 2j], ['c', 1j]], {Y})", "real and imaginary parts", FIT),
    says(
        f"gdsolve.fit([['a'], ['b'], ['c']], {Y})",
        'categorical="onehot"',
        f"gdsolve.fit([['a'], ['b'], ['c']], {Y}, categorical='onehot')",
    ),
    says(
        f"gdsolve.fit([[1.0], ['bad'], [4.0]], {Y})",
        'na_values=["bad"], na="drop"',
        f"gdsolve.fit([[1.0], ['bad'], [4.0]], {Y}, na_values=['bad'], na='drop')",
    ),
    says(
        f"gdsolve.fit(pl.DataFrame({{'x': [[1], [2], [3]], 'z': [1.0, 3.0, 4.0]}}), {Y})",
        'ignore=["x"]',
        f"gdsolve.fit(pl.DataFrame({{'x': [[1], [2], [3]], 'z': [1.0, 3.0, 4.0]}}), {Y}, ignore=['x'])",
    ),
    says(
        FRAME + "gdsolve.fit(f, 'q')", "target='q'", "gdsolve.fit(pl.DataFrame({'q': [1, 2], 'z': [2, 4]}), target='q')"
    ),
    says(MODEL + f"gdsolve.predict(m, {X}, only=True)", "leave it out", MODEL + f"gdsolve.predict(m, {X})"),
    says(MODEL + "gdsolve.predict(m, [['a']])", "leave it out", MODEL + "gdsolve.predict(m, [[1.0]])"),
    says(
        f"gdsolve.fit(sparse.csr_matrix({X}), {Y})", "toarray()", f"gdsolve.fit(sparse.csr_matrix({X}).toarray(), {Y})"
    ),
    says(
        f"gdsolve.fit(torch.tensor({X}).to_sparse(), {Y})",
        "to_dense()",
        f"gdsolve.fit(torch.tensor({X}).to_sparse().to_dense(), {Y})",
    ),
    says(f"gdsolve.fit([[1.0, -1.0], [3.0, 1.0], [4.0, 2.0]], {Y}, weight='x2')", "another with weight", FIT),
    says(f"gdsolve.fit([[1.0, 0.0], [3.0, 0.0], [4.0, 0.0]], {Y}, weight='x2')", "another weight", FIT),
    says(f"gdsolve.fit([[1.0, 0.0], [3.0, 1.0], [4.0, 1.0]], {Y}, sigma='x2')", "another with sigma", FIT),
    says("gdsolve.fit(np.zeros((0, 1)), [])", "at least one row", FIT),
    says(f"gdsolve.fit(pl.DataFrame({{'y': [1.0, 3.0, 4.0]}}), {Y})", "another name", FIT),
    says(f"gdsolve.fit({X}, [1.0, 2.0])", "one y for every row", FIT),
    says(f"gdsolve.fit({X}, {Y}, names=['a', 'b'])", "a name of its own", f"gdsolve.fit({X}, {Y}, names=['a'])"),
    says(f"gdsolve.fit({X}, [1.0, None, 3.0])", 'na="drop"', f"gdsolve.fit({X}, [1.0, None, 3.0], na='drop')"),
    says(
        f"gdsolve.fit({X}, ['a', '', 'b'], loss='logistic')",
        'na="drop"',
        f"gdsolve.fit({X}, ['a', '', 'b'], loss='logistic', ridge=1.0, na='drop')",
    ),
    says(
        f"gdsolve.fit([[1.0], [float('inf')], [3.0]], {Y})",
        'na_values=["inf"], na="drop"',
        f"gdsolve.fit([[1.0], [float('inf')], [3.0]], {Y}, na_values=['inf'], na='drop')",
    ),
    says(
        MODEL + "gdsolve.predict(m, [[1.0, 2.0]])",
        "names=[…]",
        MODEL + "gdsolve.predict(m, [[1.0, 2.0]], names=['x', 'b'])",
    ),
    says(
        MODEL + "gdsolve.predict(m, [[1.0, 2.0]], names=['x'])",
        "a name of its own",
        MODEL + "gdsolve.predict(m, [[1.0]], names=['x'])",
    ),
    says(MODEL + "gdsolve.predict(m, [[float('inf')]])", "gives NaN", MODEL + "gdsolve.predict(m, [[float('nan')]])"),
]

CASES = [*CALLS, *CHECKED, *ARRAYS]
