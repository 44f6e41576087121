"""Saved models that were edited, broken off or written by somebody else: one line with the file and the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gdsolve.cli.main import run
from gdsolve.model import read_model
from gdsolve.status import GdsolveError

MODEL: dict[str, Any] = {
    "schema": "gdsolve.fit/1",
    "weights": {"x": 2.0},
    "intercept": 1.0,
    "objective": {"kind": "linear", "formula": None, "fixed": {}, "constants": {}},
    "descent": {"loss": "half-mse"},
    "data": {"features": ["x"], "levels": {}, "target_levels": None},
}
GROUPED = {
    "schema": "gdsolve.groups/1",
    "group_by": "g",
    "data": {"features": ["x"], "levels": {}},
    "groups": [{"group": {"g": "a"}, "weights": {"x": 2.0}, "intercept": 1.0}],
}
DAMAGED = [
    ({"objective": "x"}, "objective is 'x', not a mapping"),
    ({"objective": {"kind": 3}}, "objective.kind is 3, not a text"),
    ({"objective": {"kind": "curve", "constants": [1]}}, "objective.constants is [1], not a mapping"),
    ({"objective": {"kind": "curve", "fixed": {"a": "b"}}}, "the weight of 'a' is 'b', not a finite number"),
    ({"descent": []}, "descent is [], not a mapping"),
    ({"descent": {"loss": 1}}, "descent.loss is 1, not a text"),
    ({"data": 3}, "data is 3, not a mapping"),
    ({"data": {"features": ["x"], "levels": {"c": 5}}}, "data.levels.c is 5, not a list"),
    ({"data": {"features": ["x"], "levels": [1]}}, "data.levels is [1], not a mapping"),
    ({"data": {"features": [["x"]]}}, "weights or data.features are missing"),
    ({"weights": {"x": True}}, "the weight of 'x' is True, not a finite number"),
    ({"weights": {"z": 1.0}}, "weights and data.features name different columns"),
    ({"weights": {"x": 10**400}}, "the weight of 'x' is 100000000000000000...0000000000000000000, not a finite number"),
    ({"data": {"features": ["x"], "levels": {"c": ["u", 3]}}}, "data.levels.c[1] is 3, not a text"),
    ({"data": {"features": ["x"], "weight": ["w"]}}, "data.weight is ['w'], not a text"),
    (
        {"data": {"features": ["x"], "dates": {"unit": "days"}}},
        "data.dates is {'unit': 'days'}, not a mapping with the key columns",
    ),
    ({"descent": {"quantile": "x"}}, "descent.quantile is 'x', not a finite number"),
    ({"weights_by_class": {}}, "weights_by_class and data.features name different columns"),
    ({"covariance": {"factor": [[1.0, None]]}}, "covariance.factor[0][1] is None, not a finite number"),
    ({"bounds": {"x": {"lower": "0"}}}, "bounds.x.lower is '0', not a finite number"),
    ({"schema": "other"}, "schema is 'other', not 'gdsolve.fit/1'"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGED)
@pytest.mark.parametrize("verb", ["predict", "fit"])
def test_a_damaged_model_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, change: dict[str, Any], message: str
) -> None:
    saved, table = tmp_path / "m.json", tmp_path / "t.csv"
    saved.write_text(json.dumps(MODEL | change))
    table.write_text("x,y\n1,3\n2,5\n")
    words = ["predict", str(saved), str(table)] if verb == "predict" else ["fit", str(table), "--init", str(saved)]
    assert run(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"gdsolve: error: {saved}: {message}"
    assert (len(lines), lines[1][:6]) == (2, "hint: ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": 3}, "groups is 3, not a list"),
        ({"groups": []}, "groups are missing"),
        ({"groups": [3]}, "groups[0] is 3, not a mapping"),
        ({"group_by": 3}, "group_by is 3, not a text"),
        ({"groups": [{"group": {"g": "a"}, "weights": {"x": None}}]}, "the weight of 'x' is None, not a finite number"),
    ],
)
def test_a_damaged_model_of_groups_is_told_in_one_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    (tmp_path / "m.json").write_text(json.dumps(GROUPED | change))
    with pytest.raises(GdsolveError) as caught:
        read_model(str(tmp_path / "m.json"), groups=True)
    assert caught.value.message.endswith(message)


def test_whole_models_are_read(tmp_path: Path) -> None:
    for model, groups in ((MODEL, False), (MODEL, True), (GROUPED, True)):
        (tmp_path / "m.json").write_text(json.dumps(model))
        assert read_model(str(tmp_path / "m.json"), groups=groups) == model
