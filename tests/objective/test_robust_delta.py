"""Huber's δ in units of the scale of the residuals; the literals are those of statsmodels 0.15, RLM(M=HuberT())."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_threads import on_ranks

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.median import median
from gdsolve.ranks import ALONE
from gdsolve.solve.fit import fit
from gdsolve.spec.file import build_spec

AIR = [80, 80, 75, 62, 62, 62, 62, 62, 58, 58, 58, 58, 58, 58, 50, 50, 50, 50, 50, 56, 70]
WATER = [27, 27, 25, 24, 22, 23, 24, 24, 23, 18, 18, 17, 18, 19, 18, 18, 19, 19, 20, 20, 20]
ACID = [89, 88, 90, 87, 87, 87, 93, 93, 87, 80, 89, 88, 82, 93, 89, 86, 72, 79, 80, 82, 91]
LOSS = [42, 37, 37, 28, 18, 18, 19, 20, 15, 14, 14, 13, 11, 12, 8, 7, 8, 8, 9, 15, 15]
STACK = np.array([AIR, WATER, ACID, LOSS], dtype=float).T
NAMES = ("air", "water", "acid")
WEIGHTS = [0.82938433, 0.92606597, -0.12784672, -41.02649835]
SCALE = 2.440536091721106


def reweighted(X: np.ndarray, y: np.ndarray, ridge: float = 0.0) -> tuple[np.ndarray, float]:
    """What statsmodels' RLM does, by hand: least squares reweighted, the scale anew at every step."""
    design = np.column_stack([X, np.ones(len(X))])
    penalty = ridge * np.diag([1.0] * X.shape[1] + [0.0])
    weight, scale = np.ones(len(y)), 0.0
    for _ in range(500):
        w = np.linalg.solve(design.T @ (design * weight[:, None]) + penalty, design.T @ (weight * y))
        before, scale = scale, float(np.median(np.abs(y - design @ w))) / 0.6744897501960817
        weight = np.minimum(1.0, 1.345 * scale / np.abs(y - design @ w))
        if abs(scale - before) <= 1e-14 * scale:
            break
    return w, scale


def noisy(m: int = 200, p: int = 3, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, p)) * 10.0 ** np.arange(p) + 100.0
    return X, X @ (np.linspace(1.0, -1.0, p) / 10.0 ** np.arange(p)) + 5.0 * rng.standard_t(2, size=m)


def weights_of(found: gdsolve.Fit) -> list[float]:
    return [*found.weights.values(), found.intercept]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple]:
    monkeypatch.chdir(tmp_path)
    with Path("stack.csv").open("w") as file:
        np.savetxt(file, STACK, delimiter=",", header=",".join([*NAMES, "loss"]), comments="", fmt="%d")

    def command(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_stack_loss_as_statsmodels_has_it(ask: Callable[..., tuple]) -> None:
    code, out, _ = ask("fit", "stack.csv", "--loss", "huber", "--save", "m.json")
    assert code == 0
    assert "loss            huber (δ = 3.282521, found from the residuals)\n" in out
    assert "3 rows (14.3 %) beyond δ" in out
    saved = json.loads(Path("m.json").read_text())
    assert [*saved["weights"].values(), saved["intercept"]] == pytest.approx(WEIGHTS, rel=5e-8)
    assert saved["descent"]["delta"] == pytest.approx(1.345 * SCALE, rel=2e-8)
    assert (saved["descent"]["delta_found"], saved["rows_beyond_delta"], saved["share_beyond_delta"]) == (
        True,
        3,
        3 / 21,
    )
    # Typed back, the number that was printed is the one that was used.
    code, out, _ = ask("fit", "stack.csv", "--loss", "huber", "--delta", "3.282521", "--format", "json")
    again = json.loads(out)
    assert [again[name] for name in ("weights", "intercept", "loss")] == [
        saved[name] for name in ("weights", "intercept", "loss")
    ]
    assert (again["descent"]["delta"], again["descent"]["delta_found"]) == (saved["descent"]["delta"], False)


def test_a_number_is_in_units_of_the_target_and_shown_whole(ask: Callable[..., tuple]) -> None:
    out = ask("fit", "stack.csv", "--loss", "huber", "--delta", "1.23456789012", "--format", "json")[1]
    assert json.loads(out)["descent"]["delta"] == 1.23456789012
    assert "huber (δ = 1.23456789012)" in ask("fit", "stack.csv", "--loss", "huber", "--delta", "1.23456789012")[1]


@pytest.mark.parametrize("options", [{}, {"scale": "none"}, {"ridge": 30.0}, {"scale": "none", "ridge": 30.0}])
def test_delta_and_weights_agree(options: dict) -> None:
    X, y = noisy()
    found = gdsolve.fit(X, y, loss="huber", **options)
    w, scale = reweighted(X, y, options.get("ridge", 0.0))
    assert found.spec.delta == pytest.approx(1.345 * scale, rel=1e-8)
    assert weights_of(found) == pytest.approx(w.tolist(), rel=1e-6)
    away = np.abs(y - X @ list(found.weights.values()) - found.intercept)
    assert found.figures.rows_beyond_delta == int((away > found.spec.delta).sum())
    assert found.figures.share_beyond_delta == found.figures.rows_beyond_delta / 200


def test_a_start_does_not_move_delta() -> None:
    X, y = noisy()
    usual = gdsolve.fit(X, y, loss="huber")
    assert gdsolve.fit(X, y, loss="huber", init="random", seed=3).spec.delta == usual.spec.delta
    single = gdsolve.fit(X, y, loss="huber", dtype="float32")
    assert single.spec.delta == pytest.approx(usual.spec.delta, rel=1e-5)


def test_delta_has_the_unit_of_the_target() -> None:
    X, y = noisy()
    for unit in (1e-9, 1e9):
        found = gdsolve.fit(X, unit * y, loss="huber")
        assert found.spec.delta == pytest.approx(unit * gdsolve.fit(X, y, loss="huber").spec.delta, rel=2e-8)
        assert found.figures.rows_beyond_delta == gdsolve.fit(X, y, loss="huber").figures.rows_beyond_delta


def test_a_curve_has_the_delta_of_its_residuals(ask: Callable[..., tuple]) -> None:
    curve = ("--model", "a*air + b*water + c*acid + d", "--start", "a=1,b=1,c=1,d=1", "--loss", "huber")
    code, out, _ = ask("fit", "stack.csv", *curve, "--format", "json")
    found = json.loads(out)
    assert (code, found["descent"]["delta"], found["rows_beyond_delta"]) == (0, 3.282521, 3)
    assert list(found["weights"].values()) == pytest.approx(WEIGHTS, rel=1e-6)
    found = json.loads(ask("compare", "stack.csv", *curve, "--methods", "newton,lbfgs", "--format", "json")[1])
    assert found["descent"]["delta"] == 3.282521
    assert "huber (δ = 3.282521) of a curve" in ask("compare", "stack.csv", *curve, "--methods", "lbfgs")[1]


def test_a_bent_curve_settles_with_its_scale() -> None:
    rng = np.random.default_rng(8)
    x = np.linspace(0.0, 4.0, 80)
    y = 5.0 * np.exp(-0.8 * x) + 1.0 + 0.1 * rng.standard_t(1.5, size=80)
    found = gdsolve.fit(x[:, None], y, model="a*exp(-b*x) + c", parameters={"a": 4.0, "b": 1.0, "c": 0.5}, loss="huber")
    a, b, c = found.weights.values()
    away = np.abs(y - a * np.exp(-b * x) - c)
    assert found.spec.delta == pytest.approx(1.345 * np.median(away) / 0.6744897501960817, rel=1e-7)
    bounded = {"a": {"start": 4.0, "upper": 4.5}, "b": 1.0, "c": 0.5}
    held = gdsolve.fit(x[:, None], y, model="a*exp(-b*x) + c", parameters=bounded, loss="huber")
    a, b, c = held.weights.values()
    assert (a, held.spec.delta) == (
        pytest.approx(4.5, rel=1e-9),
        pytest.approx(1.345 * np.median(np.abs(y - a * np.exp(-b * x) - c)) / 0.6744897501960817, rel=1e-6),
    )


def test_comparisons_pages_and_specs_tell_delta(ask: Callable[..., tuple]) -> None:
    for verb, more in (("compare", ("--methods", "newton,lbfgs")), ("compare-lr", ("--lr", "0.1", "--max-iter", "9"))):
        out = ask(verb, "stack.csv", "--loss", "huber", *more, "--format", "json")[1]
        assert json.loads(out)["descent"]["delta"] == 3.282521
        assert "huber (δ = 3.282521)" in ask(verb, "stack.csv", "--loss", "huber", *more)[1]
    assert ask("report", "stack.csv", "--loss", "huber", "-o", "r.html")[0] == 0
    page = Path("r.html").read_text()
    assert "huber (δ = 3.282521, found from the residuals)" in page
    assert "<dt>beyond δ</dt><dd>3 rows (14.3 %)</dd>" in page
    Path("s.yaml").write_text("data: stack.csv\nloss: huber\n")
    assert json.loads(ask("fit", "s.yaml", "--format", "json")[1])["descent"]["delta"] == 3.282521
    assert ask("check", "stack.csv", "--loss", "huber")[0] == 0


def test_weights_that_count_are_rows_written_again() -> None:
    rng = np.random.default_rng(2)
    count, x = rng.integers(0, 4, size=40), rng.normal(size=40)
    y = 3.0 * x + rng.standard_t(1.5, size=40)
    weighted = gdsolve.fit(np.column_stack([x, count]), y, names=["x", "w"], weight="w", loss="huber")
    written = gdsolve.fit(np.repeat(x, count)[:, None], np.repeat(y, count), loss="huber")
    assert weighted.spec.delta == written.spec.delta
    assert weights_of(weighted) == pytest.approx(weights_of(written), rel=1e-9)


def test_ranks_find_the_same_delta(tmp_path: Path) -> None:
    X, y = noisy(90, 2)
    paths = []
    for place, rows in enumerate(np.array_split(np.column_stack([X, y, np.arange(90) % 3]), 3)):
        paths.append(tmp_path / f"part-{place}.csv")
        np.savetxt(paths[-1], rows, delimiter=",", header="a,b,y,w", comments="", fmt="%.17g")
    for options in ({"ignore": ("w",)}, {"weight": "w"}, {"ignore": ("w",), "ridge": 5.0}):
        spec = build_spec([str(path) for path in paths], {"target": "y", "loss": "huber", **options}, "fit")
        alone, several = fit(spec), on_ranks(3, lambda ranks, spec=spec: fit(spec, ranks=ranks))
        for one in several:
            assert one.spec.delta == alone.spec.delta
            assert one.figures.rows_beyond_delta == alone.figures.rows_beyond_delta
            assert weights_of(one) == pytest.approx(weights_of(alone), rel=1e-9)


@pytest.mark.parametrize("curve", [{}, {"model": "a*x + b", "parameters": {"a": 1.0, "b": 1.0}}])
def test_where_most_rows_fit_exactly_delta_is_that_of_least_squares(
    curve: dict, caplog: pytest.LogCaptureFixture
) -> None:
    x = np.arange(30.0)
    y = 2.0 * x + 1.0
    y[[3, 7, 11, 20]] += [50.0, -30.0, 10.0, 5.0]
    found = gdsolve.fit(x[:, None], y, loss="huber", **curve)
    design = np.column_stack([x, np.ones(30)])
    away = np.abs(y - design @ np.linalg.lstsq(design, y, rcond=None)[0])
    assert found.spec.delta == pytest.approx(1.345 * np.median(away) / 0.6744897501960817, rel=1e-7)
    assert f"δ = {found.spec.delta:.8g} is taken from the residuals of least squares" in caplog.text
    caplog.clear()
    exact = gdsolve.fit(x[:, None], 0.1 * x + 0.3, loss="huber", **curve)
    assert (exact.spec.delta, exact.figures.rows_beyond_delta) == (1.0, 0)
    assert "δ = 1 is as good as any other" in caplog.text


def test_a_few_rows_that_are_not_alike() -> None:
    """Least squares fits more than half of the rows exactly, and others not: the root mean square is left."""
    x = np.array([0.0] * 6 + [1.0] * 4)
    y = np.array([2.0] * 6 + [0.0, 1.0, 2.0, 9.0])
    found = gdsolve.fit(x[:, None], y, loss="huber")
    assert found.spec.delta == pytest.approx(1.345 * np.sqrt(((y[6:] - 3.0) ** 2).sum() / 10.0), rel=1e-7)


@settings(max_examples=examples(25), deadline=None)
@given(
    st.lists(st.floats(0.0, 1e300), min_size=1, max_size=40),
    st.integers(1, 3),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_the_median_is_that_of_numpy(numbers: list[float], size: int, weighted: bool, random) -> None:
    values = np.array(numbers)
    counts = np.array([random.randint(0, 3) for _ in numbers]) if weighted else np.ones(len(numbers), dtype=int)
    if not counts.any():
        counts[0] = 1
    expected = float(np.median(np.repeat(values, counts)))
    weight = torch.from_numpy(counts.astype(float)) if weighted else None
    assert median(torch.from_numpy(values), weight, ALONE) == expected
    parts = np.array_split(np.arange(len(values)), size)

    def own(ranks) -> float:
        part = parts[ranks.rank]
        return median(torch.from_numpy(values[part]), None if weight is None else weight[part], ranks)

    assert on_ranks(size, own) == [expected] * size


BENT = "x,y\n" + "".join(f"{x},{1e16 + 100 * x + 20 * (x * x % 7)!r}\n" for x in range(1, 21))


def test_huber_of_large_targets_is_right(ask: Callable[..., tuple]) -> None:
    Path("t.csv").write_text(BENT)
    x, y = np.loadtxt(io.StringIO(BENT), delimiter=",", skiprows=1).T
    for more, delta in (((), None), (("--delta", "1"), 1.0)):
        code, out, _ = ask("fit", "t.csv", "--loss", "huber", *more, "--format", "json")
        moved = gdsolve.fit(x[:, None], y - 1e16, loss="huber", **({} if delta is None else {"delta": delta}))
        found = json.loads(out)
        assert (code, found["loss"]) == (0, pytest.approx(moved.loss, rel=1e-9))
        assert found["descent"]["delta"] == pytest.approx(moved.spec.delta, rel=1e-7)
    assert json.loads(ask("fit", "t.csv", "--loss", "logcosh", "--format", "json")[1])["status"] == "converged"


@pytest.mark.parametrize("curve", [(), ("--model", "a*x + b", "--start", "a=1,b=1")])
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("huber", "--delta", "1"), "leave --delta out"),
        (("logcosh",), "give --loss huber|absolute, or rescale it"),
        (("huber", "--delta", "1", "--dtype", "float32"), "--dtype float64, or leave --delta out"),
    ],
)
def test_a_loss_that_bends_below_rounding_is_refused(
    ask: Callable[..., tuple], words: tuple[str, ...], hint: str, curve: tuple[str, ...]
) -> None:
    unit = 1e16 if "float32" not in words else 1e6
    rows = [f"{x},{unit * (x + x * x % 7)!r}" for x in range(1, 21)]
    Path("t.csv").write_text("\n".join(["x,y", *rows, ""]))
    code, out, err = ask("fit", "t.csv", *curve, "--loss", *words)
    assert (code, out) == (5, "")
    assert "t.csv: column 'y': " in err
    assert "is too small beside its spread of 5.93e+" in err
    assert f"hint: {hint}\n" in err


@pytest.mark.parametrize("loss", ["half-mse", "huber", "poisson"])
@pytest.mark.parametrize("big", ["x", "y"])
def test_squares_beyond_float64_are_refused_of_curves_and_formulas(
    ask: Callable[..., tuple], loss: str, big: str
) -> None:
    unit = {"x": 1.0, "y": 1.0, big: 1e160}
    rows = [f"{x * unit['x']!r},{(x + 2.0) * unit['y']!r}" for x in range(1, 9)]
    Path("t.csv").write_text("\n".join(["x,y", *rows, ""]))
    curve, formula = ("--model", "a*x + b", "--start", "a=1,b=1"), ("--minimize", "sum((y - a*x)**2)", "--start", "a=1")
    asked = [("fit", ()), ("fit", curve), ("compare", curve), ("compare-lr", curve), ("fit", formula)]
    for verb, words in asked:
        code, out, err = ask(verb, "t.csv", *words, *(("--loss", loss) if words != formula else ()))
        assert (code, out, err) == (
            5,
            "",
            f"gdsolve: error: t.csv: column '{big}': its squares are beyond float64\n"
            "hint: rescale it: other units, smaller numbers\n",
        )
