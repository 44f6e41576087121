"""The verbs from Python: every option does what it says, or is refused with a remedy."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gdsolve

X, Y = [[1.0], [3.0]], [2.0, 4.0]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n3,4\n")
    return path


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[str, str | None]:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        call(*arguments, **options)
    return caught.value.message, caught.value.hint


def test_save_and_history_are_written(tmp_path: Path, table: Path) -> None:
    model, history = tmp_path / "m.json", tmp_path / "h.csv"
    fit = gdsolve.fit(X, Y, lr=0.05, max_iter=20, save=model, history=history)
    assert json.loads(model.read_text())["weights"] == fit.weights
    rows = list(csv.DictReader(io.StringIO(history.read_text())))
    assert [int(row["iteration"]) for row in rows] == list(fit.trace.iterations)
    out = io.StringIO()
    gdsolve.predict(model, table, out, only=True)
    assert float(out.getvalue().splitlines()[1]) == pytest.approx(fit.weights["x"] + (fit.intercept or 0.0))
    assert gdsolve.fit(table, init=model, max_iter=0).weights == pytest.approx(fit.weights)


def test_files_that_a_spec_names_are_written(tmp_path: Path, table: Path) -> None:
    (tmp_path / "p.yaml").write_text("data: t.csv\nsave: m.json\nhistory: h.ndjson\n")
    gdsolve.fit(tmp_path / "p.yaml")
    assert (tmp_path / "m.json").exists()
    assert (tmp_path / "h.ndjson").exists()


def test_where_to_write_is_checked_before_the_run(tmp_path: Path) -> None:
    message, hint = refusal(gdsolve.fit, X, Y, save=tmp_path / "none" / "m.json")
    assert message == f"save: the folder {tmp_path / 'none'} is not there"
    assert hint == f"mkdir -p {tmp_path / 'none'}"
    assert refusal(gdsolve.fit, X, Y, history="h.txt")[0] == "history: h.txt ends in neither .csv nor .ndjson"


@pytest.mark.parametrize("name", ["format", "quiet", "verbose", "exit_zero"])
def test_options_of_the_command_line_are_refused(table: Path, name: str) -> None:
    value = "json" if name == "format" else True
    calls: list[tuple[Any, tuple[Any, ...]]] = [(gdsolve.fit, (X, Y)), (gdsolve.compare_lr, (table,))]
    calls += [(gdsolve.check, (table,)), (gdsolve.predict, ("m.json", table, io.StringIO()))]
    for call, arguments in calls:
        message, hint = refusal(call, *arguments, **{name: value})
        assert message == f"{name}: is an option of the command line alone"
        assert hint


@pytest.mark.parametrize(
    ("name", "near"), [("learning_rate", "lr"), ("toll", "tol"), ("max_iters", "max_iter"), ("ridg", "ridge")]
)
def test_an_unknown_option_names_the_nearest(table: Path, name: str, near: str) -> None:
    expected = (f"fit: unknown option {name!r}", f"did you mean {near}?")
    assert refusal(gdsolve.fit, X, Y, **{name: 1.0}) == expected
    assert refusal(gdsolve.fit, table, **{name: 1.0}) == expected


def test_an_option_like_no_other_lists_them() -> None:
    message, hint = refusal(gdsolve.compare_lr, X, Y, zzz=1)
    assert message == "compare_lr: unknown option 'zzz'"
    assert hint is not None
    assert hint.startswith("there are ")
    assert "iterates" in hint
    assert "format" not in hint


def test_options_of_another_verb_are_refused(table: Path) -> None:
    assert refusal(gdsolve.fit, X, Y, iterates=3) == (
        "iterates: means nothing to fit",
        "leave it out; it goes with compare_lr",
    )
    assert refusal(gdsolve.compare_lr, table, save="m.json")[0] == "save: means nothing to compare_lr"
    assert refusal(gdsolve.check, table, lr=0.1)[0] == "lr: means nothing to check"
    assert refusal(gdsolve.fit, X, Y, data="t.csv")[0] == "data: is no option"


def test_tensors_of_a_graph_are_detached() -> None:
    design = torch.tensor(X, requires_grad=True)
    target = torch.tensor(Y, dtype=torch.bfloat16, requires_grad=True)
    plain = gdsolve.fit(X, Y)
    assert gdsolve.fit(design, target).weights == plain.weights
    assert gdsolve.fit(list(design), list(target)).weights == plain.weights
    assert gdsolve.fit(np.array(X), target * 1).weights == plain.weights


def test_advice_for_a_table_repeats_the_options(table: Path) -> None:
    fit = gdsolve.fit(table, target="x", lr=5.0, loss="sse")
    assert f"Run instead: gdsolve fit {table} --target x --lr 0.0" in fit.advice[-1]
