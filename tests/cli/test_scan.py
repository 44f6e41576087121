"""A scan stands for its table: the same fits of squares from its file, whichever columns they are of."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from nist import CONFIGS

import gdsolve
from gdsolve.objective.merge import merge
from gdsolve.objective.scan import reordered, select
from gdsolve.objective.triangle import Triangle, build_triangle
from gdsolve.report.check_record import check_record
from gdsolve.report.record import fit_record
from gdsolve.solve.outcome import Fit
from gdsolve.solve.read import read_table
from gdsolve.spec import Spec
from gdsolve.spec.choices import Categorical

TIGHT = 1e-12


def mixed(rows: int = 60) -> pl.DataFrame:
    """Numbers, two columns of text, weights, some of them 0, and y."""
    draw = np.random.default_rng(5)
    x, z = draw.normal(3.0, 2.0, rows), draw.normal(-1.0, 0.5, rows)
    colour, size = draw.choice(["red", "green", "blue"], rows), draw.choice(["s", "m"], rows)
    y = 2.0 * x - z + (colour == "red") + 0.5 * (size == "s") + draw.normal(0.0, 0.3, rows)
    weights = draw.integers(0, 4, rows)
    return pl.DataFrame({"x": x, "colour": colour, "z": z, "w": weights, "size": size, "y": y})


def near_constant() -> pl.DataFrame:
    """Columns like 1e9 ± 1, whose spread is a thousandth of a millionth of their size, and one that is constant."""
    draw = np.random.default_rng(6)
    a, b = 1e9 + draw.normal(0.0, 1.0, 40), 1e9 + draw.normal(0.0, 1.0, 40)
    return pl.DataFrame(
        {"a": a, "b": b, "c": np.full(40, 0.1), "y": (a - 1e9) - 2.0 * (b - 1e9) + draw.normal(size=40)}
    )


def wide() -> pl.DataFrame:
    """More columns than rows."""
    draw = np.random.default_rng(7)
    return pl.DataFrame({f"c{place}": draw.normal(size=5) for place in range(9)})


def csv_of(name: str) -> pl.DataFrame:
    return pl.read_csv(CONFIGS / f"{name}.csv").cast(pl.Float64)


@dataclass(frozen=True)
class Table:
    """A table, how it is scanned, and fits of it; `scanned` is what a fit of the table itself is told as well."""

    frame: pl.DataFrame
    scanned: dict[str, Any] = field(default_factory=dict)
    fits: tuple[dict[str, Any], ...] = ({},)


TABLES = {
    "longley": Table(
        csv_of("longley"),
        fits=({}, {"target": "x3"}, {"features": ("x2", "x5")}, {"no_intercept": True}, {"ridge": 2.0}),
    ),
    "norris": Table(csv_of("norris"), fits=({}, {"lr": 1e-7, "max_iter": 7}, {"target": "x"}, {"report": True})),
    "mixed": Table(
        mixed(),
        {"categorical": "onehot", "weight": "w"},
        (
            {},
            {"no_intercept": True},
            {"target": "x", "ignore": ("size",)},
            {"features": ("colour",), "report": True},
            {"features": ("size", "z"), "ridge": 1.0, "penalize_intercept": True},
            {"lr": 0.01, "max_iter": 50, "scale": "none", "loss": "mse"},
            {"method": "nesterov", "lr": 0.05, "max_iter": 30, "engine": "triangle"},
        ),
    ),
    "counted": Table(mixed(), {"ignore": ("colour", "size"), "weight": "w", "weight_kind": "frequency"}),
    "sigma": Table(
        mixed().with_columns(pl.col("w") + 1.0), {"ignore": ("colour", "size"), "sigma": "w", "absolute_sigma": True}
    ),
    "near constant": Table(near_constant(), fits=({}, {"target": "a"}, {"features": ("a", "c")})),
    "wide": Table(
        wide(), fits=({}, {"features": ("c1", "c2")}, {"target": "c4", "no_intercept": True}, {"ridge": 0.1})
    ),
}


def pairs() -> list[tuple[str, int]]:
    return [(name, place) for name, table in TABLES.items() for place in range(len(table.fits))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scans")
    for name, table in TABLES.items():
        table.frame.write_csv(made / f"{name}.csv")
        gdsolve.scan(made / f"{name}.csv", save=made / f"{name}.tri", **table.scanned)
    return made


def near(one: float | None, other: float | None, scale: float) -> bool:
    """Equal to 1e-12 of a scale."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TIGHT * scale


@pytest.mark.parametrize(("name", "place"), pairs(), ids=str)
def test_a_scan_gives_the_fits_of_its_table(folder: Path, name: str, place: int) -> None:
    table = TABLES[name]
    asked = table.fits[place]
    ignored = {"ignore": (*table.scanned.get("ignore", ()), *asked.get("ignore", ()))}
    theirs = gdsolve.fit(folder / f"{name}.csv", **{**table.scanned, **asked, **(ignored if ignored["ignore"] else {})})
    ours = gdsolve.fit(folder / f"{name}.tri", **asked)
    _require_equal(ours, theirs)
    mine, its = fit_record(ours), fit_record(theirs)
    for key in ("rows", "rows_dropped", "target", "features", "weight", "weight_kind", "sigma", "levels"):
        assert mine["data"][key] == its["data"][key], key


def _require_equal(ours: Fit, theirs: Fit) -> None:
    """The same to 1e-12 relative to conditioning, an SSE beside that of the start."""
    assert (ours.status, ours.iterations, ours.stopped_by) == (theirs.status, theirs.iterations, theirs.stopped_by)
    assert theirs.spectrum is not None
    condition = max(1.0, theirs.spectrum.condition or 1.0) ** 0.5
    largest = max(abs(value) for value in (*theirs.weights.values(), theirs.intercept or 0.0))
    assert list(ours.weights) == list(theirs.weights)
    for name, weight in theirs.weights.items():
        assert near(ours.weights[name], weight, condition * max(abs(weight), 1e-3 * largest, 1e-9)), name
    assert near(ours.intercept, theirs.intercept, condition * max(largest, 1.0))
    first = theirs.trace.sse[0]
    assert first is not None
    assert near(ours.sse, theirs.sse, condition * first)
    assert ours.optimum is not None
    assert theirs.optimum is not None
    assert near(ours.optimum.sse, theirs.optimum.sse, condition * first)
    for name, error in theirs.standard_errors.items():
        other = ours.standard_errors[name]
        assert (error is None) == (other is None), name
        assert error is None or math.isclose(error, other or 0.0, rel_tol=1e-9), name


@pytest.mark.parametrize("target", csv_of("longley").columns)
def test_any_column_is_the_target_and_any_subset_the_features(folder: Path, target: str) -> None:
    """Against numpy's least squares, on all pairs of the other columns, relative to the condition of each."""
    frame = csv_of("longley")
    others = [name for name in frame.columns if name != target]
    y = frame[target].to_numpy()
    for chosen in itertools.islice(itertools.combinations(others, 2), 3):
        fit = gdsolve.fit(folder / "longley.tri", target=target, features=chosen)
        X = frame[chosen].to_numpy()
        w, *_ = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)
        assert fit.optimum is not None
        assert [*fit.optimum.weights.values()] == pytest.approx(w, rel=1e-9)


def test_a_saved_model_predicts_as_that_of_the_table(folder: Path, tmp_path: Path) -> None:
    found = []
    for ending, options in (("csv", TABLES["mixed"].scanned), ("tri", {})):
        path = tmp_path / f"{ending}.json"
        gdsolve.fit(folder / f"mixed.{ending}", save=path, **options)
        model = json.loads(path.read_text())
        found.append((gdsolve.predict(path, folder / "mixed.csv"), model["data"]))
    (ours, mine), (theirs, its) = found
    assert ours == pytest.approx(theirs, rel=1e-10)
    assert len(ours) == 60
    assert {**mine, "source": [], "delimiter": None, "decimal": None} == {
        **its,
        "source": [],
        "delimiter": None,
        "decimal": None,
        "ignored": [],
    }


def test_comparisons_and_a_page_take_a_scan(folder: Path) -> None:
    for verb in (gdsolve.compare_lr, gdsolve.compare):
        options = {"methods": ["gd", "nesterov"]} if verb is gdsolve.compare else {}
        ours: Any = verb(folder / "mixed.tri", **options)
        theirs: Any = verb(folder / "mixed.csv", **TABLES["mixed"].scanned, **options)
        assert near(ours.optimum.sse, theirs.optimum.sse, theirs.optimum.sse)
        results = [one.rates if verb is gdsolve.compare_lr else one.methods for one in (ours, theirs)]
        assert [one.iterations for one in results[0]] == [one.iterations for one in results[1]]


def test_what_check_knows_of_a_scan_and_what_it_leaves_open(folder: Path) -> None:
    ours = check_record(gdsolve.check(folder / "norris.tri"))
    theirs = check_record(gdsolve.check(folder / "norris.csv"))
    for mine, its in zip(ours["columns"], theirs["columns"], strict=True):
        assert (mine["name"], mine["role"], mine["type"]) == (its["name"], its["role"], its["type"])
        assert mine["mean"] == pytest.approx(its["mean"], rel=1e-13)
        assert mine["std"] == pytest.approx(its["std"], rel=1e-12)
        assert [mine[name] for name in ("missing", "minimum", "maximum", "duplicate_of")] == [None] * 4
    assert ours["rank"] == theirs["rank"] == 2
    for name in ("condition", "largest_stable_lr", "best_lr"):
        assert ours[name] == {key: pytest.approx(value, rel=1e-10) for key, value in theirs[name].items()}, name
    assert ours["iterations"] == theirs["iterations"]
    assert [one["kind"] for one in ours["findings"]] == ["scan"]
    assert ours["commands"][0] == f"gdsolve fit {folder / 'norris.tri'}"
    constant = check_record(gdsolve.check(folder / "near constant.tri"))
    assert [one["message"] for one in constant["findings"]][1:] == ["c: constant, 0.1 in every row"]
    weighted = check_record(gdsolve.check(folder / "mixed.tri"))
    assert weighted["findings"][0]["message"].endswith("means and standard deviations are weighted, by w")
    frame = mixed()
    assert weighted["columns"][0]["mean"] == pytest.approx(np.average(frame["x"], weights=frame["w"]), rel=1e-13)


def test_float32_is_of_the_iterates_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "gdsolve")
    single = gdsolve.fit(folder / "near constant.tri", dtype="float32")
    assert "the cells were scanned in float64, and not rounded to float32" in caplog.text
    assert "evaluated in float64, on cells not rounded" in single.plan.reason
    double = gdsolve.fit(folder / "near constant.tri")
    # Of a table its cells would be rounded to 1e9 each, and nothing be left to fit.
    assert single.sse == pytest.approx(double.sse, rel=1e-6)


def test_what_is_said_to_be_faster_does_not_speak_of_rows(folder: Path) -> None:
    assert "--engine rows" not in gdsolve.fit(folder / "norris.tri").plan.reason
    assert "--engine rows" in gdsolve.fit(folder / "norris.csv").plan.reason


def test_arrays_and_frames_are_scanned_as_they_are_fitted(tmp_path: Path) -> None:
    frame = mixed()
    path = tmp_path / "t.tri"
    scan = gdsolve.scan(frame, categorical="onehot", weight="w", save=path)
    assert (scan.columns, scan.rows, scan.file) == (("x", "colour", "z", "size", "y"), 60, str(path))
    assert scan.size == path.stat().st_size
    _require_equal(gdsolve.fit(path), gdsolve.fit(frame, categorical="onehot", weight="w"))
    X, y = frame["x", "z"].to_numpy(), frame["y"].to_numpy()
    gdsolve.scan(X, y, names=["p", "q"], save=path)
    _require_equal(gdsolve.fit(path), gdsolve.fit(X, y, names=["p", "q"]))
    priced = frame["x", "z"], frame["y"].alias("price")
    gdsolve.scan(*priced, save=path)
    assert gdsolve.fit(path).data.roles.target == "price"  # type: ignore[union-attr]


# Merging ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Rows as a table gives them."""

    values: np.ndarray
    weight: np.ndarray | None = None


def triangle_of(values: np.ndarray) -> Triangle:
    built = build_triangle([Rows(values)])
    assert built is not None
    return built


def gram(triangle: Triangle) -> torch.Tensor:
    """[1, X, y]ᵀ[1, X, y]: what a triangle is a root of, whatever its shift."""
    raw = triangle.raw()
    return raw.mT @ raw


@settings(max_examples=examples(25), deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=4),
    st.permutations(range(4)),
    st.integers(0, 2**32 - 1),
    st.floats(-1e6, 1e6),
)
def test_merging_is_free_of_order_and_of_shifts(heights: list[int], order: list[int], seed: int, apart: float) -> None:
    draw = np.random.default_rng(seed)
    blocks = [draw.normal(apart * place, 1.0, (height, 4)) for place, height in enumerate(heights)]
    whole = triangle_of(np.concatenate(blocks))
    forth, back = (_merged([triangle_of(block) for block in some]) for some in (blocks, list(reversed(blocks))))
    scale = gram(whole).diagonal().sqrt()
    for one in (forth, back):
        assert one.rows == sum(heights)
        assert one.total_weight == sum(heights)
        assert float(((gram(one) - gram(whole)) / (scale[:, None] * scale)).abs().max()) < 1e-13
        assert torch.allclose(one.means(), whole.means(), rtol=1e-12, atol=1e-12 * max(1.0, abs(apart)))
    mixed_up = reordered(whole, order)
    again = reordered(mixed_up, [order.index(place) for place in range(4)])
    assert torch.equal(again.factor, whole.factor)


def _merged(parts: list[Triangle]) -> Triangle:
    first, *others = parts
    for other in others:
        first = merge(first, other)
    return first


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(1, 30), st.permutations(range(5)), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_a_choice_of_columns_is_the_triangle_of_those(rows: int, order: list[int], count: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(100.0, 1.0, (rows, 5))
    chosen = order[:count]
    part, direct = select(triangle_of(values), chosen), triangle_of(values[:, chosen])
    assert part.factor.shape == direct.factor.shape == (min(rows, count + 1), count + 1)
    assert torch.allclose(gram(part), gram(direct), rtol=1e-13)
    centred = (part.centred().mT @ part.centred(), direct.centred().mT @ direct.centred())
    assert torch.allclose(*centred, rtol=1e-11, atol=1e-11)


def test_days_of_other_sizes_make_the_week(tmp_path: Path) -> None:
    """Scans that are merged, in a file or on the way to a fit, are the scan of all rows; so are a scan and a table."""
    frame = mixed(90).with_columns(pl.col("x") + pl.int_range(90) * 1e4)
    options = {"categorical": "onehot", "weight": "w"}
    days = [frame[:20], frame[20:70].select(reversed(frame.columns)), frame[70:]]
    for place, day in enumerate(days):
        day.write_csv(tmp_path / f"{place}.csv")
        gdsolve.scan(tmp_path / f"{place}.csv", save=tmp_path / f"{place}.tri", target="y", **options)
    frame.write_csv(tmp_path / "week.csv")
    scans = [tmp_path / f"{place}.tri" for place in range(3)]
    whole = gdsolve.fit(tmp_path / "week.csv", target="y", **options)
    merged = gdsolve.scan(scans, save=tmp_path / "week.tri")
    assert (merged.rows, merged.info.target) == (90, "y")
    _require_equal(gdsolve.fit(tmp_path / "week.tri"), whole)
    _require_equal(gdsolve.fit(scans), whole)
    gdsolve.scan(scans[:2], save=tmp_path / "run.tri")
    gdsolve.scan([tmp_path / "run.tri", tmp_path / "2.csv"], save=tmp_path / "run.tri", **options)
    _require_equal(gdsolve.fit(tmp_path / "run.tri"), whole)
    everything = gdsolve.scan(tmp_path / "week.csv", target="y", **options)
    logs = float(np.log(frame.filter(pl.col("w") > 0)["w"].to_numpy()).sum())
    assert everything.info.log_weight == pytest.approx(logs, rel=1e-13)
    assert merged.info.log_weight == pytest.approx(logs, rel=1e-13)
    assert everything.info.rows_weightless == merged.info.rows_weightless == int((frame["w"] == 0).sum())


def test_columns_are_left_out_of_a_scan_as_of_its_table(folder: Path, tmp_path: Path) -> None:
    options = {**TABLES["mixed"].scanned, "cv": 3}
    whole = gdsolve.scan(folder / "mixed.csv", save=tmp_path / "whole.tri", **options)
    for chosen in ({"ignore": "x"}, {"features": ("size", "x"), "target": "z"}, {"features": "colour"}):
        ours = gdsolve.scan(tmp_path / "whole.tri", save=tmp_path / "part.tri", **chosen)
        theirs = gdsolve.scan(folder / "mixed.csv", **options, **chosen)
        for name in ("names", "columns", "levels", "target", "folds", "weight"):
            assert getattr(ours.info, name) == getattr(theirs.info, name), (name, chosen)
        for one, other in zip((ours.triangle, *ours.folds), (theirs.triangle, *theirs.folds), strict=True):
            assert torch.allclose(gram(one), gram(other), rtol=1e-12, atol=1e-12)
        _require_equal(gdsolve.fit(tmp_path / "part.tri"), gdsolve.fit(folder / "mixed.csv", **options, **chosen))
    assert whole.columns == ("x", "colour", "z", "size", "y")
    with pytest.raises(gdsolve.GdsolveError, match="does not end in "):
        whole.save(tmp_path / "whole.npz")


# Folds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [None, "size"])
def test_the_folds_of_a_scan_are_those_of_its_table(tmp_path: Path, by: str | None) -> None:
    mixed().write_csv(tmp_path / "t.csv")
    options: dict[str, Any] = {"categorical": Categorical.ONEHOT, "weight": "w"}
    dealt: dict[str, Any] = {"cv": 4 if by is None else 2, "seed": 1 if by is None else 0, "cv_by": by}
    gdsolve.scan(tmp_path / "t.csv", save=tmp_path / "t.tri", **options, **dealt)
    asked: dict[str, Any] = {"target": "z", "features": ("colour", "y"), "cv": dealt["cv"]}
    theirs = read_table(Spec(data=(str(tmp_path / "t.csv"),), **options, **{**dealt, **asked}))
    ours = read_table(Spec(data=(str(tmp_path / "t.tri"),), **asked))
    assert ours.dealt is not None
    assert theirs.dealt is not None
    assert ours.dealt.folds is not None
    assert theirs.dealt.folds is not None
    assert ours.dealt.folds.rows == theirs.dealt.folds.rows
    for one, other in zip(ours.dealt.folds.triangles, theirs.dealt.folds.triangles, strict=True):
        assert torch.allclose(gram(one), gram(other), rtol=1e-12, atol=1e-12)
    total = ours.dealt.folds.total()
    assert total.rows == ours.triangles[0].rows
    assert torch.allclose(gram(total), gram(ours.triangles[0]), rtol=1e-12, atol=1e-12)
    assert ours.spec.cv_by == by


def test_folds_are_merged_fold_by_fold(tmp_path: Path) -> None:
    frame = mixed()["x", "z", "y"]
    for name, part in (("a", frame[:25]), ("b", frame[25:])):
        part.write_csv(tmp_path / f"{name}.csv")
        gdsolve.scan(tmp_path / f"{name}.csv", cv=5, save=tmp_path / f"{name}.tri")
    both = gdsolve.scan([tmp_path / "a.tri", tmp_path / "b.tri"])
    numbers = np.concatenate([gdsolve.folds(25, 5), gdsolve.folds(35, 5)])
    for fold, one in enumerate(both.folds):
        rows = frame.to_numpy()[numbers == fold]
        moved = np.column_stack([rows[:, :2], np.ones(len(rows)), rows[:, 2]])
        assert gram(one).numpy() == pytest.approx(moved.T @ moved, rel=1e-12)
    assert both.info.folds == {"count": 5, "seed": 0, "by": None}


# Python -----------------------------------------------------------------------------------------------------------


def test_a_scan_at_hand_is_what_its_file_is(folder: Path) -> None:
    scan = gdsolve.scan(folder / "mixed.csv", **TABLES["mixed"].scanned)
    for options in TABLES["mixed"].fits:
        _require_equal(gdsolve.fit(scan, **options), gdsolve.fit(folder / "mixed.tri", **options))
    ours, theirs = (check_record(gdsolve.check(one)) for one in (scan, folder / "mixed.tri"))
    assert ours["columns"] == theirs["columns"]
    assert ours["commands"] == ["gdsolve.fit(X)", *ours["commands"][1:]]
    assert gdsolve.compare_lr(scan, lr=[0.1, 0.2]).rates[1].status is gdsolve.Status.CONVERGED
    model = gdsolve.fit(scan)
    assert len(gdsolve.predict(model, folder / "mixed.csv")) == 60


@pytest.mark.parametrize(
    ("verb", "options", "message", "hint"),
    [
        ("fit", {"loss": "huber"}, "loss: huber needs every row, and X is a scan, which holds none", None),
        ("fit", {"weight": "x"}, "weight: is settled when a table is scanned, and X has been", None),
        ("fit", {"y": [1.0]}, "y: X is a scan, which has its target in it", 'give target="…", a column of it'),
        ("fit", {"group_by": "x"}, "group_by: groups are made of rows, and X is a scan, which holds none", None),
        ("scan", {}, "X is a scan already", "X.save(FILE) writes it"),
    ],
)
def test_what_a_scan_at_hand_has_no_answer_to(
    folder: Path, verb: str, options: dict[str, Any], message: str, hint: str | None
) -> None:
    scan = gdsolve.scan(folder / "norris.csv")
    with pytest.raises(gdsolve.GdsolveError) as caught:
        getattr(gdsolve, verb)(scan, **options)
    assert (caught.value.message, int(caught.value.exit_code)) == (message, 2)
    assert hint is None or caught.value.hint == hint
    with pytest.raises(gdsolve.GdsolveError, match="predict needs rows, and X is a scan"):
        gdsolve.predict(gdsolve.fit(scan), scan)


def test_a_scan_is_cross_validated_as_its_table(tmp_path: Path) -> None:
    mixed().write_csv(tmp_path / "t.csv")
    options: dict[str, Any] = {"categorical": "onehot", "weight": "w", "cv": 4, "seed": 3}
    scan = gdsolve.scan(tmp_path / "t.csv", save=tmp_path / "t.tri", **options)
    theirs = gdsolve.fit(tmp_path / "t.csv", features="x,colour", ridge=0.5, **options).validation
    assert theirs is not None
    for source in (tmp_path / "t.tri", scan):
        ours = gdsolve.fit(source, features="x,colour", ridge=0.5, cv=4).validation
        assert ours is not None
        assert ours.scores == pytest.approx(theirs.scores, rel=1e-11)
        assert (ours.seed, ours.rows) == (3, theirs.rows)
    for wrong, message in (
        ({"cv": 5}, "cv: t.csv is scanned in 4 folds, not in 5"),
        ({"cv": 4, "seed": 9}, "seed: 9, and the folds of t.csv are dealt with seed 3"),
        ({"cv": 4, "init": "random"}, "seed: 0, and the folds of t.csv are dealt with seed 3"),
    ):
        with pytest.raises(gdsolve.GdsolveError) as caught:
            gdsolve.fit(scan, **wrong)
        assert caught.value.message.replace(str(tmp_path) + "/", "") == message


def test_a_report_of_a_scan_is_that_of_its_table(folder: Path) -> None:
    """F, log-likelihood, AIC, BIC and VIF as well, of weights and of known standard deviations."""
    for name in ("norris", "longley", "mixed", "sigma", "counted"):
        options = TABLES[name].scanned
        ours, theirs = (
            fit_record(gdsolve.fit(folder / f"{name}.{ending}", report=True, **given))["report"]
            for ending, given in (("tri", {}), ("csv", options))
        )
        assert list(_figures(ours)) == list(_figures(theirs))
        assert [*_figures(ours).values()] == pytest.approx([*_figures(theirs).values()], rel=1e-8), name
        assert len(_figures(ours)) > 12


def _figures(report: Any, place: str = "") -> dict[str, float]:
    """All numbers of a report, by where they stand."""
    if isinstance(report, dict):
        return {key: value for name, one in report.items() for key, value in _figures(one, f"{place}.{name}").items()}
    if isinstance(report, list):
        return {
            key: value for name, one in enumerate(report) for key, value in _figures(one, f"{place}.{name}").items()
        }
    return {place: float(report)} if isinstance(report, int | float) and not isinstance(report, bool) else {}
