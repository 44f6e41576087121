"""Results in Python: five lines at most, a piece of HTML, pictures when asked for, the figures as attributes."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import gdsolve
from gdsolve import presented
from gdsolve.api.present import picture_of
from gdsolve.pictures import later
from gdsolve.report.brief import LINES, WIDTH
from gdsolve.spec import PLOT_KINDS
from gdsolve.terminal import cells

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 2))
Y = X @ [2.0, -3.0] + 1.0 + 0.3 * RANDOM.normal(size=40)
CLASSES = np.array(["low", "mid", "high"])[np.digitize(Y, [0.0, 2.0])]
STEPS = np.linspace(0.0, 4.0, 20)
EVIL = '<script>alert("x")</script>\n&amp;'
POINTS = [[1.0], [2.0], [3.0], [4.0]]
HEIGHTS = [2.0, 4.1, 5.9, 8.2]

MADE: dict[str, Callable[[], Any]] = {
    "fit": lambda: gdsolve.fit(X, Y, names=["area", "rooms"]),
    "max_iter": lambda: gdsolve.fit(X, Y, lr=0.001, max_iter=20),
    "diverged": lambda: gdsolve.fit(POINTS, HEIGHTS, lr=5.0, loss="sse"),
    "logistic": lambda: gdsolve.fit(X, CLASSES == "low", loss="logistic", ridge=1.0),
    "softmax": lambda: gdsolve.fit(X, CLASSES, loss="softmax", ridge=0.5),
    "poisson": lambda: gdsolve.fit(POINTS, [1, 2, 4, 7], loss="poisson"),
    "absolute": lambda: gdsolve.fit(POINTS, HEIGHTS, loss="absolute", max_iter=200),
    "curve": lambda: gdsolve.fit(STEPS, 3.0 * np.exp(-STEPS), model="a*exp(-b*x)", parameters={"a": 1, "b": 0.5}),
    "minimize": lambda: gdsolve.fit(minimize="(a - 1)**2 + (b - a)**2", parameters={"a": -1, "b": 1}),
    "failed": lambda: gdsolve.fit(minimize="log(a)", parameters={"a": 1}),
    "starts": lambda: gdsolve.fit(minimize="a**4 - 3*a**2 + a", start={"a": (-2, 2)}, starts=4),
    "evil": lambda: gdsolve.fit(np.hstack([X] * 8), Y, names=[f"{EVIL} {place}" for place in range(16)]),
    "compare_lr": lambda: gdsolve.compare_lr(POINTS, HEIGHTS),
    "compare": lambda: gdsolve.compare(X, Y, methods=["gd", "momentum", "newton"]),
    "check": lambda: gdsolve.check(X, Y),
    "not ready": lambda: gdsolve.check(pl.DataFrame({EVIL: ["a", "b"], "y": [1.0, None]})),
    "path": lambda: gdsolve.path(X, Y, points=8),
    "validated path": lambda: gdsolve.path(X, Y, points=8, cv=4, select="1se"),
    "score": lambda: gdsolve.score(made("fit"), X, Y),
    "score of classes": lambda: made("softmax").score(X, CLASSES),
    "certify": lambda: gdsolve.certify(X, Y, weights=[2.0, -3.0, 1.0]),
    "scan": lambda: gdsolve.scan(X, Y),
    "groups": lambda: gdsolve.fit(
        pl.DataFrame({"g": ["a", "b", None, EVIL] * 10, "x": X[:, 0], "y": Y}), target="y", group_by="g"
    ),
    "group": lambda: made("groups")["a"],
    "groups of classes": lambda: gdsolve.fit(
        pl.DataFrame({"g": ["a", "b"] * 20, "h": [1, 1, 2, 2] * 10, "x": X[:, 0], "low": CLASSES == "low"}),
        target="low",
        group_by=["g", "h"],
        loss="logistic",
        ridge=1.0,
    ),
    "group of classes": lambda: made("groups of classes")["a", "1"],
    "useless group": lambda: gdsolve.fit(
        pl.DataFrame({"g": ["a", "a", "b"], "x": [1.0, 2.0, None], "y": [1.0, 2.0, 3.0]}), group_by="g"
    )["b"],
}


@cache
def made(name: str) -> Any:
    return MADE[name]()


def kinds(name: str) -> tuple[str, ...]:
    return PLOT_KINDS[{"compare_lr": "compare-lr", "validated path": "path"}.get(name, name)]


@pytest.mark.parametrize("name", MADE)
def test_a_result_tells_itself_in_a_few_lines(name: str) -> None:
    lines = repr(made(name)).splitlines()
    assert 2 <= len(lines) <= LINES
    assert max(map(cells, lines)) <= WIDTH
    assert not any("Tensor(" in line or "tensor(" in line for line in lines)


@pytest.mark.parametrize("name", MADE)
def test_a_result_shows_itself_without_scripts_and_styles(name: str) -> None:
    page = made(name)._repr_html_()
    root = ElementTree.fromstring(page)
    tags = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert not tags & {"script", "style", "link", "img", "iframe", "foreignObject"}
    assert not any(key.startswith("on") or "href" in key for one in root.iter() for key in one.attrib)
    assert ("svg" in tags) is (hasattr(made(name), "plot") and name != "not ready")
    assert "table" in tags or name in ("scan", "useless group")
    assert len(page) < 40_000


def test_what_ended_badly_says_so_first() -> None:
    assert repr(made("fit")).splitlines() == [
        "Fit of y on area, rooms, 40 rows, half-mse",
        f"area {made('fit').weights['area']:.6g}, rooms {made('fit').weights['rooms']:.6g}, "
        f"intercept {made('fit').intercept:.6g}",
        f"SSE {made('fit').sse:.8g}, RMSE {made('fit').rmse:.8g}, R² {made('fit').r2:.8g}, "
        f"adjusted R² {made('fit').adjusted_r2:.8g}",
        f"CONVERGED after {made('fit').iterations} updates: no weight changed by {made('fit').tol:.3g} or more. "
        "The loss is at its minimum.",
    ]
    assert "\nDIVERGED: at learning rate 5" in repr(made("diverged"))
    assert "\nNOT CONVERGED. Stopped at max_iter after 20 updates" in repr(made("max_iter"))
    assert "\nFAILED after" in repr(made("failed"))
    assert "\nNOT READY TO FIT  " in repr(made("not ready"))
    assert repr(made("compare_lr")).splitlines()[2].startswith("stable below ")
    assert "&lt;script&gt;alert(" in made("evil")._repr_html_()


FIGURES = ("r2", "rmse", "sse", "adjusted_r2", "accuracy", "log_loss", "auc", "deviance", "confusion", "classes")
HAS = {
    "fit": {"r2", "rmse", "sse", "adjusted_r2"},
    "logistic": {"accuracy", "log_loss", "auc", "confusion", "classes"},
    "softmax": {"accuracy", "log_loss", "auc", "confusion", "classes"},
    "poisson": {"deviance"},
    "curve": {"r2", "rmse", "sse", "adjusted_r2"},
    "minimize": set(),
}


@pytest.mark.parametrize("name", HAS)
def test_figures_are_at_hand_and_none_where_there_is_none(name: str) -> None:
    fit = made(name)
    assert {figure for figure in FIGURES if getattr(fit, figure) is not None} - {"classes"} == HAS[name] - {"classes"}
    assert {*FIGURES, "weights", "intercept", "loss", "predict", "plot", "save", "report", "frame"} <= set(dir(fit))
    assert fit.converged is (fit.status is gdsolve.Status.CONVERGED)
    assert (fit.r2, fit.sse, fit.accuracy) == (fit.figures.r2, fit.figures.sse, fit.figures.accuracy)


def test_comparisons_and_checks_have_their_figures() -> None:
    rates = made("compare_lr")
    assert (rates.largest_stable_lr, rates.best_lr) == (rates.spectrum.largest_stable, rates.spectrum.best)
    assert (made("check").ready, made("check").rank) == (True, 3)
    assert (made("not ready").ready, made("group").r2) == (False, made("group").found.figures.r2)
    assert made("useless group").r2 is None


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        *(("fit", kind) for kind in PLOT_KINDS["fit"] if kind != "validation"),
        *(("compare_lr", kind) for kind in PLOT_KINDS["compare-lr"]),
        *(("compare", kind) for kind in PLOT_KINDS["compare"]),
        *(("path", kind) for kind in PLOT_KINDS["path"]),
        *(("check", kind) for kind in PLOT_KINDS["check"]),
    ],
)
def test_a_picture_of_later_is_that_of_the_option(tmp_path: Path, verb: str, kind: str) -> None:
    more: dict[str, Any] = {"path": {"cv": 4, "points": 4}, "compare": {"methods": ["gd", "momentum"]}}.get(verb, {})
    call = getattr(gdsolve, verb)
    asked = call(POINTS, HEIGHTS, plot=tmp_path / "p.svg", plot_kind=kind, **more)
    assert asked.picture is not None
    result = call(POINTS, HEIGHTS, **more)
    assert result.picture is None
    assert picture_of(result, kind) == picture_of(asked, kind) == picture_of(asked, "auto") == asked.picture


def test_a_figure_is_shown_and_pyplot_knows_nothing_of_it() -> None:
    from matplotlib import rcParams
    from matplotlib._pylab_helpers import Gcf

    before, settings = list(Gcf.figs), dict(rcParams)
    figure = made("fit").plot("path")
    png, size = figure._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert 400 < size["width"] < 800
    assert list(Gcf.figs) == before
    assert dict(rcParams) == settings


@pytest.mark.parametrize(
    ("name", "kind", "message", "hint"),
    [
        ("fit", "los", "plot_kind: fit draws no 'los'", "did you mean loss?"),
        ("check", "loss", "plot_kind: check draws no 'loss'", "give one of spectrum"),
        ("minimize", "fit", "plot_kind: fit draws data and what was fitted to them, and a formula has neither", None),
        ("fit", "validation", "plot_kind: validation draws the error over folds by updates", None),
        ("path", "validation", "plot_kind: validation draws the error over the folds, and there are none", None),
    ],
)
def test_pictures_that_there_are_not(name: str, kind: str, message: str, hint: str | None) -> None:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        made(name).plot(kind)
    assert caught.value.message.replace(" the folds", " folds").startswith(message.replace(" the folds", " folds"))
    assert hint is None or caught.value.hint == hint


def test_of_a_large_problem_the_loss_alone_is_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(later, "MOST_CELLS", 0)
    fit = gdsolve.fit(POINTS, HEIGHTS)
    assert fit.kept is None
    (panel,) = picture_of(fit, "loss").panels
    assert panel.series[0].y == fit.trace.sse
    assert "<svg" in fit._repr_html_()
    with pytest.raises(gdsolve.GdsolveError, match="what it shows is not kept") as caught:
        fit.plot("path")
    assert caught.value.hint == 'ask for it in the call: plot="path.svg", plot_kind="path"'
    monkeypatch.setattr(later, "MOST_CELLS", 1_000_000)
    scanned = gdsolve.fit(gdsolve.scan(POINTS, HEIGHTS))
    assert picture_of(scanned, "path").panels
    with pytest.raises(gdsolve.GdsolveError, match="fit was not drawn, and what it shows is not kept"):
        scanned.plot("fit")
    monkeypatch.setattr(later, "MOST_CELLS", 0)
    drawn = gdsolve.fit(POINTS, HEIGHTS, plot=tmp_path / "path.svg", plot_kind="path")
    assert drawn.plot("path").get_axes()
    with pytest.raises(gdsolve.GdsolveError, match="a report needs rows, which are not kept here") as caught:
        fit.report()
    assert caught.value.hint == "ask for it in the call: report=True"
    assert repr(gdsolve.fit(POINTS, HEIGHTS, report=True).report()).startswith("parameter")


def test_many_results_keep_no_more_than_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = presented._Keeping()
    monkeypatch.setattr(presented, "_KEEPING", keeping)
    one = gdsolve.fit(POINTS, HEIGHTS)
    monkeypatch.setattr(presented, "MOST_KEPT", 3.5 * one.kept.cells)
    drawn = picture_of(one, "path")
    # What is gone keeps nothing, and takes no room.
    assert [gdsolve.fit(POINTS, HEIGHTS).converged for _ in range(6)] == [True] * 6
    assert one.kept.cells > 0.0
    fits = [gdsolve.fit(POINTS, HEIGHTS) for _ in range(3)]
    assert [fit.kept.cells > 0.0 for fit in (one, *fits)] == [False, False, False, True]
    assert len(keeping.alive) == 1
    assert keeping.cells == fits[2].kept.cells
    assert picture_of(one, "path") == drawn == picture_of(fits[2], "path")
    with pytest.raises(gdsolve.GdsolveError, match="what it shows is not kept"):
        fits[0].plot("path")


def test_a_report_is_that_of_the_option() -> None:
    for name, call in (("fit", {"names": ["area", "rooms"]}), ("logistic", {"loss": "logistic"})):
        target = Y if name == "fit" else CLASSES == "low"
        asked, later_on = gdsolve.fit(X, target, report=True, **call), gdsolve.fit(X, target, **call)
        assert repr(asked.report()) == repr(later_on.report())
        rows = later_on.report().frame()
        assert rows["term"].to_list() == [one.name for one in asked.inference.estimates]
        assert rows["p_value"].to_list() == [one.p_value for one in asked.inference.estimates]
    weighted = gdsolve.fit([[1.0, 1.0], [2.0, 2.0], [4.0, 1.0]], [1.0, 2.0, 3.5], names=["x", "n"], weight="n")
    with pytest.raises(gdsolve.GdsolveError, match="a report needs rows"):
        weighted.report()
    assert "unavailable" in repr(made("diverged").report()) or "diverged" in repr(made("diverged").report())


def test_a_result_that_was_pickled_tells_the_same() -> None:
    again = pickle.loads(pickle.dumps(made("fit")))
    assert again.kept is None
    assert repr(again) == repr(made("fit"))
    assert again.weights == made("fit").weights
    assert picture_of(again, "auto").title == "SSE against iterations"


def test_a_fit_saves_itself_and_predicts(tmp_path: Path) -> None:
    X_, names = X.tolist(), ["area", "rooms"]
    fit = gdsolve.fit(X_, Y, names=names, save=tmp_path / "a.json")
    fit.save(tmp_path / "b.json")
    assert json.loads((tmp_path / "a.json").read_text()) == json.loads((tmp_path / "b.json").read_text())
    assert fit.predict(X_).tolist() == gdsolve.predict(tmp_path / "b.json", X_).tolist()
    assert fit.score(X, Y).r2 == pytest.approx(fit.r2, rel=1e-12)
    table = pl.DataFrame(X, schema=names)
    table.write_csv(tmp_path / "t.csv")
    assert fit.predict(table).tolist() == fit.predict(tmp_path / "t.csv").tolist() == fit.predict(X_).tolist()
    groups = made("groups")
    groups.save(tmp_path / "g.json")
    rows = pl.DataFrame({"g": ["a", "b"], "x": [1.0, 2.0]})
    assert groups.predict(rows).tolist() == gdsolve.predict(tmp_path / "g.json", rows).tolist()
    with pytest.raises(gdsolve.GdsolveError, match=r"does not end in \.json"):
        fit.save(tmp_path / "m.txt")


@pytest.mark.parametrize("name", ["fit", "minimize", "softmax", "diverged"])
def test_a_frame_is_the_history(tmp_path: Path, name: str) -> None:
    from gdsolve.report import write_history
    from gdsolve.report.record import fit_record

    write_history(fit_record(made(name)), str(tmp_path / "h.csv"))
    assert_frame_equal(
        pl.read_csv(tmp_path / "h.csv", infer_schema_length=None), made(name).frame(), check_dtypes=False
    )
    assert repr(made(name).trace).startswith("Trace: ")


def test_frames_of_other_results() -> None:
    assert made("compare_lr").frame()["learning_rate"].to_list() == [
        one.learning_rate for one in made("compare_lr").rates
    ]
    assert made("compare").frame()["method"].to_list() == ["gd", "momentum", "newton"]
    assert made("check").frame()["name"].to_list() == ["x1", "x2", "y"]
    assert made("path").frame()["lambda"].to_list() == made("path").lambdas.tolist()
    assert made("certify").frame().columns == ["term", "weight", "optimum", "difference"]
    groups = made("groups").frame()
    assert groups["x"].to_list() == [one.weights and one.weights["x"] for one in made("groups")]
    iterates = gdsolve.compare_lr(POINTS, HEIGHTS, lr=[0.01, 0.02], iterates=2).frame()
    assert iterates["iteration"].to_list() == [0, 1, 2, 0, 1, 2]
