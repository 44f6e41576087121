"""Robust and clustered standard errors, beside statsmodels and beside each other."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rank_threads import on_ranks
from scipy.stats import norm

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.inference import NO_SCATTER, Inference
from gdsolve.solve.fit import fit
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError, GdsolveError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm

ROWS, CLUSTERS = 60, 9
KINDS = ("classic", "hc0", "hc1", "hc2", "hc3", "cluster:k")


def made(seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=ROWS) * 2.0, rng.normal(size=ROWS)
    error = rng.normal(size=ROWS) * (1.0 + np.abs(x))
    return {
        "x": x,
        "z": z,
        "w": rng.integers(1, 4, ROWS).astype(float),
        "k": [f"k{code}" for code in rng.integers(0, CLUSTERS, ROWS)],
        "y": 2.0 + x - 0.3 * z + error,
        "c": (rng.uniform(size=ROWS) < 1.0 / (1.0 + np.exp(-0.4 - 0.7 * x))).astype(float),
        "n": rng.poisson(np.exp(0.3 + 0.2 * x)).astype(float),
    }


DATA = made()
FRAME = pl.DataFrame(DATA)


def errors(data: Any = FRAME, target: str = "y", **options: Any) -> Inference:
    found = gdsolve.fit(data, target=target, features=["x", "z"], report=True, **options).inference
    assert found is not None
    return found


def bars(found: Inference, what: str = "standard_error") -> list[float]:
    return [getattr(one, what) for one in found.estimates]


def theirs(model: Any, kind: str, **options: Any) -> Any:
    """The same of statsmodels; `use_t` where it is not its own default."""
    if kind == "classic":
        return model.fit(**{name: value for name, value in options.items() if name != "use_t"})
    clusters = {"cov_kwds": {"groups": np.unique(DATA["k"], return_inverse=True)[1]}} if ":" in kind else {}
    with warnings.catch_warnings():
        # Of weights with GLM statsmodels warns that it does not support all of it.
        warnings.simplefilter("ignore")
        return model.fit(cov_type=kind.split(":", maxsplit=1)[0] if clusters else kind.upper(), **clusters, **options)


def design(intercept: bool = True) -> np.ndarray:
    return np.column_stack([DATA["x"], DATA["z"], *([np.ones(ROWS)] if intercept else [])])


@pytest.mark.parametrize(
    ("kind", "weighted", "intercept"),
    [*((kind, True, True) for kind in KINDS), ("hc3", False, False), ("cluster:k", False, True), ("hc1", True, False)],
)
def test_least_squares_as_statsmodels_has_it(kind: str, weighted: bool, intercept: bool) -> None:
    model = sm.WLS(DATA["y"], design(intercept), weights=np.array(DATA["w"]) if weighted else 1.0)
    other = theirs(model, kind, use_t=True)
    found = errors(se=kind, no_intercept=not intercept, weight="w" if weighted else None)
    assert found.statistic == "t"
    assert bars(found) == pytest.approx(other.bse, rel=1e-9)
    assert bars(found, "p_value") == pytest.approx(other.pvalues, rel=1e-8)
    assert bars(found, "lower") == pytest.approx(other.conf_int()[:, 0], rel=1e-8)
    goodness = found.goodness
    assert goodness is not None
    assert goodness.f is not None
    assert goodness.f.statistic == pytest.approx(float(other.fvalue), rel=1e-8)
    assert goodness.f.p_value == pytest.approx(float(other.f_pvalue), rel=1e-8)
    assert goodness.log_likelihood == pytest.approx(other.llf, rel=1e-12)
    # R counts the variance, statsmodels does not.
    assert goodness.aic == pytest.approx(other.aic + 2.0, rel=1e-12)
    assert goodness.bic == pytest.approx(other.bic + np.log(ROWS), rel=1e-12)
    # By default statsmodels takes the normal distribution for robust errors.
    usual = theirs(model, kind)
    if kind != "classic":
        assert 2.0 * norm.sf(np.abs(bars(found, "statistic"))) == pytest.approx(usual.pvalues, rel=1e-8)


# Of clusters with frequencies statsmodels counts rows in its correction, not what they stand for: see rows written out.
@pytest.mark.parametrize(
    ("loss", "weights", "kind"),
    [
        *(("logistic", None, kind) for kind in ("classic", "hc0", "cluster:k")),
        *(("poisson", "var_weights", kind) for kind in ("classic", "hc0", "cluster:k")),
        ("poisson", "freq_weights", "hc0"),
    ],
)
def test_likelihoods_as_statsmodels_has_them(loss: str, weights: str | None, kind: str) -> None:
    family, target = (sm.families.Binomial(), "c") if loss == "logistic" else (sm.families.Poisson(), "n")
    model = sm.GLM(DATA[target], design(), family=family, **({weights: DATA["w"]} if weights else {}))
    other = theirs(model, kind, tol=1e-13, maxiter=100)
    options = {} if weights is None else {"weight": "w"}
    options |= {"weight_kind": "frequency"} if weights == "freq_weights" else {}
    found = errors(target=target, loss=loss, se=kind, **options)
    assert found.statistic == "z"
    assert bars(found) == pytest.approx(other.bse, rel=1e-8)
    assert bars(found, "upper") == pytest.approx(other.conf_int()[:, 1], rel=1e-7)


def test_hc1_of_a_likelihood_is_hc0_with_its_factor() -> None:
    zero, one = (np.array(bars(errors(target="n", loss="poisson", se=kind))) for kind in ("hc0", "HC1"))
    assert one == pytest.approx(zero * (ROWS / (ROWS - 3.0)) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "kind"), [("half-mse", "hc1"), ("half-mse", "hc3"), ("half-mse", "cluster:k"), ("poisson", "cluster:k")]
)
def test_frequencies_are_rows_written_out(loss: str, kind: str) -> None:
    long = FRAME.select(pl.all().repeat_by(pl.col("w").cast(pl.UInt32))).explode(pl.all())
    target = "n" if loss == "poisson" else "y"
    counted = errors(target=target, loss=loss, se=kind, weight="w", weight_kind="frequency")
    written = errors(long, target=target, loss=loss, se=kind)
    assert bars(counted) == pytest.approx(bars(written), rel=1e-8)
    assert bars(counted, "p_value") == pytest.approx(bars(written, "p_value"), rel=1e-7)


@pytest.mark.parametrize(("kind", "weight"), [("hc1", None), ("hc3", "w"), ("cluster:k", "w")])
def test_a_line_as_a_curve_has_the_errors_of_its_table(kind: str, weight: str | None) -> None:
    curve = gdsolve.fit(
        FRAME, target="y", model="a*x + b*z + d", start="a=0,b=0,d=0", report=True, se=kind, weight=weight
    ).inference
    assert curve is not None
    assert bars(curve) == pytest.approx(bars(errors(se=kind, weight=weight)), rel=1e-8)


def test_a_curve_of_counts_has_the_errors_of_its_table() -> None:
    asked = {"loss": "poisson", "se": "cluster:k", "weight": "w", "report": True}
    curve = gdsolve.fit(FRAME, target="n", model="exp(a*x + d)", start="a=0,d=0", **asked).inference
    table = gdsolve.fit(FRAME, target="n", features=["x"], **asked).inference
    assert curve is not None
    assert table is not None
    assert bars(curve) == pytest.approx(bars(table), rel=1e-6)


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert run(("fit", *words, "--features", "x,z", "--target", "y", "--format", "json")) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)["standard_errors"]
    return record


def test_every_form_of_a_table_gives_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    numbered = FRAME.with_columns(pl.col("k").str.slice(1).cast(pl.Int64))
    numbered.write_csv("t.csv")
    numbered.write_parquet("t.parquet")
    numbered.write_ndjson("t.ndjson")
    expected = shown(capsys, "t.csv", "--se", "cluster:k")
    assert expected["errors"] == {"kind": "cluster", "column": "k", "clusters": CLUSTERS, "degrees_of_freedom": 8.0}
    assert expected["statistic"] == "t"
    values = [*expected["weights"].values(), expected["intercept"]]
    assert values == pytest.approx(bars(errors(numbered, se="cluster:k")), rel=1e-12)
    for words in (("t.parquet",), ("t.ndjson",), ("t.csv", "--engine", "rows"), ("t.csv", "--scale", "none")):
        found = shown(capsys, *words, "--se", "cluster:k")
        assert [*found["weights"].values(), found["intercept"]] == pytest.approx(values, rel=1e-12)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("t.csv").read_bytes())))
    assert shown(capsys, "-", "--se", "cluster:k")["weights"] == expected["weights"]
    single = shown(capsys, "t.csv", "--se", "cluster:k", "--dtype", "float32")
    assert [*single["weights"].values(), single["intercept"]] == pytest.approx(values, rel=1e-5)


def test_rows_with_gaps_are_left_out_or_refused(tmp_path: Path) -> None:
    holes = FRAME.with_columns(
        pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col("k")).alias("k"),
        pl.when(pl.int_range(pl.len()) == 7).then(None).otherwise(pl.col("x")).alias("x"),
    )
    kept = holes.drop_nulls(["k", "x"])
    assert bars(errors(holes, se="cluster:k", na="drop")) == bars(errors(kept, se="cluster:k"))
    holes.write_csv(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"row 5 \(line 6\), column 'k': the cell is missing, and the row is in no"):
        errors(tmp_path / "t.csv", se="cluster:k")


def test_a_column_that_clusters_may_be_a_feature_where_it_is_named() -> None:
    def of(data: pl.DataFrame, **options: Any) -> list[str]:
        found = gdsolve.fit(data, target="y", se="cluster:k", report=True, **options).errors
        return [] if found is None else [one.name for one in found.estimates]

    few = FRAME.select("x", "k", "y")
    assert of(few) == ["x", "intercept"]
    assert of(few, categorical="onehot", features=["x", "k"])[:2] == ["x", "k=k1"]
    numbered = few.with_columns(pl.col("k").str.slice(1).cast(pl.Float64))
    assert of(numbered, features=["x", "k"]) == ["x", "k", "intercept"]
    a, b = (
        gdsolve.fit(numbered, target="y", features=["x", "k"], se=f"cluster:{name}").errors
        for numbered, name in ((numbered, "k"), (numbered.with_columns(g=pl.col("k").cast(pl.String)), "g"))
    )
    assert a is not None
    assert b is not None
    assert bars(a) == bars(b)


def test_a_row_of_weight_0_makes_no_cluster_and_has_no_leverage() -> None:
    weightless = FRAME.with_columns(w=pl.when(pl.col("k") == "k3").then(0.0).otherwise(pl.col("w")))
    left = weightless.filter(pl.col("k") != "k3")
    for kind in ("cluster:k", "hc3"):
        assert bars(errors(weightless, se=kind, weight="w")) == pytest.approx(
            bars(errors(left, se=kind, weight="w")), rel=1e-12
        )
    found = errors(weightless, se="cluster:k", weight="w")
    assert found.robust is not None
    assert found.robust.clusters == CLUSTERS - 1
    counts = errors(weightless, target="n", loss="poisson", se="cluster:k", weight="w")
    assert bars(counts) == pytest.approx(bars(errors(left, target="n", loss="poisson", se="cluster:k", weight="w")))


def test_a_row_of_leverage_1_leaves_hc1() -> None:
    lonely = FRAME.with_columns(z=pl.when(pl.int_range(pl.len()) == 0).then(1.0).otherwise(0.0))
    for kind in ("hc2", "hc3"):
        reasons = {one.reason for one in errors(lonely, se=kind).estimates}
        assert reasons == {
            f"{kind} divides by 1 − leverage, and a row has the leverage 1: the fit goes through it whatever its "
            "target is; --se hc1 does without"
        }
    assert errors(lonely, se="hc1").estimates[0].standard_error is not None


def test_columns_that_are_not_determined_have_no_robust_error_either() -> None:
    double = FRAME.with_columns(z2=2.0 * pl.col("z"))
    found = gdsolve.fit(double, target="y", features=["x", "z", "z2"], report=True, se="hc3").inference
    assert found is not None
    x, z, z2, intercept = found.estimates
    assert (z.standard_error, z2.standard_error) == (None, None)
    expected = bars(errors(se="hc3"))
    assert [x.standard_error, intercept.standard_error] == pytest.approx([expected[0], expected[2]], rel=1e-9)
    assert found.goodness is not None
    assert found.goodness.f is None


def test_a_large_mean_and_a_near_collinear_column_cost_no_digits() -> None:
    moved = FRAME.with_columns(x=pl.col("x") + 1e6, z=pl.col("x") * (1.0 + 1e-5) + 1e-3 * pl.col("z"))
    X = np.column_stack([moved["x"] - 1e6, moved["z"]])
    for kind in ("hc0", "hc3"):
        other = sm.OLS(DATA["y"], sm.add_constant(X)).fit(cov_type=kind.upper())
        assert bars(errors(moved, se=kind))[:2] == pytest.approx(other.bse[1:], rel=1e-7)


def test_fewer_clusters_than_columns_leave_no_f() -> None:
    two = FRAME.with_columns(k=pl.when(pl.int_range(pl.len()) < 20).then(pl.lit("a")).otherwise(pl.lit("b")))
    found = errors(two, se="cluster:k")
    assert found.goodness is not None
    assert found.goodness.f is None
    assert found.robust is not None
    assert found.robust.freedom == 1.0


def test_ranks_add_their_rows_and_refuse_clusters(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "t.parquet", row_group_size=10)
    path = str(tmp_path / "t.parquet")
    for asked in ({"se": "hc3"}, {"se": "hc1", "loss": "poisson", "target": "n"}):
        options = {"target": "y", "features": ("x", "z"), "report": True, **asked}
        spec = build_spec((path,), options, "fit")
        shared = [one.inference for one in on_ranks(3, lambda ranks, spec=spec: fit(spec, ranks=ranks))]
        alone = errors(path, **asked)
        for one in shared:
            assert one is not None
            assert bars(one) == pytest.approx(bars(alone), rel=1e-10)
    with pytest.raises(GdsolveError, match="rows of one cluster may be on several of these 2 ranks"):
        clustered = build_spec((path,), {"target": "y", "features": ("x", "z"), "se": "cluster:k"}, "fit")
        on_ranks(2, lambda ranks: fit(clustered, ranks=ranks))


def test_what_cancels_within_clusters_has_no_error() -> None:
    """Of the means of the clusters themselves nothing varies between clusters."""
    data = pl.DataFrame({"k": [*"aabbcc"], "y": [1.0, 2.0, 5.0, 6.5, 3.0, 7.0]})
    found = gdsolve.fit(data, target="y", features=["k"], categorical="onehot", se="cluster:k", report=True).inference
    assert found is not None
    assert {one.reason for one in found.estimates} == {NO_SCATTER}


@pytest.mark.parametrize("kind", ["hc1", "cluster:x4"])
def test_arrays_name_their_cluster_by_its_column(kind: str) -> None:
    codes = np.unique(DATA["k"], return_inverse=True)[1].astype(float)
    X = np.column_stack([DATA["x"], DATA["z"], np.cos(codes), codes])
    found = gdsolve.fit(X, np.array(DATA["y"]), se=kind, report=True, ignore=["x3"]).inference
    assert found is not None
    if kind == "hc1":
        assert [one.name for one in found.estimates] == ["x1", "x2", "x4", "intercept"]
        return
    assert [one.name for one in found.estimates] == ["x1", "x2", "intercept"]
    assert bars(found) == pytest.approx(bars(errors(se="cluster:k")), rel=1e-12)


def test_a_spec_may_ask_for_clusters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FRAME.write_csv(tmp_path / "t.csv")
    (tmp_path / "s.yaml").write_text("data: t.csv\ntarget: y\nfeatures: x,z\nse: cluster:k\n")
    assert run(("fit", str(tmp_path / "s.yaml"))) == 0
    told = capsys.readouterr().out
    assert "\nclusters        by k\n" in told
    assert "clustered std. error" in told


@pytest.mark.parametrize("se", [3, None])
def test_what_is_no_word_is_told_with_an_example(se: Any) -> None:
    with pytest.raises(GdsolveError, match=f"^se: {se} is not a word") as caught:
        errors(se=se)
    assert caught.value.hint == 'as in se="hc3" or se="cluster:COLUMN"'


def test_a_run_that_stopped_short_has_no_errors_to_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "t.csv")
    asked = ("--features", "x,z", "--target", "y", "--lr", "0.001", "--max-iter", "2", "--report", "--se", "hc3")
    assert run(("fit", str(tmp_path / "t.csv"), *asked)) == 3
    told = capsys.readouterr().out
    assert "not converged" in told
    assert "HC3" not in told.replace("--se hc3", "")
    assert "F test" not in told
