"""What is asked of a saved model, edit by edit: of the model of a fit, and of the models of groups."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from gdsolve.model import GROUPS, SCHEMA, Model, read_model
from gdsolve.status import ExitCode, GdsolveError

PLAIN: dict[str, Any] = {
    "schema": SCHEMA,
    "weights": {"x": 2.0, "z": -1},
    "intercept": 0.5,
    "data": {"features": ["x", "z"]},
}
GROUPED: dict[str, Any] = {
    "schema": GROUPS,
    "data": {"features": ["x"]},
    "groups": [
        {"group": "a", "weights": {"x": 1.0}, "intercept": 0.0},
        {"group": "b", "weights": None, "intercept": None},
    ],
}


def edited(record: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(record)), **change}


def group(**change: Any) -> dict[str, Any]:
    return edited(GROUPED, groups=[GROUPED["groups"][1], {**GROUPED["groups"][0], **change}])


@pytest.mark.parametrize(
    "record",
    [
        PLAIN,
        edited(PLAIN, intercept=None),
        edited(PLAIN, intercept=3),
        edited(PLAIN, objective={"kind": "formula"}, weights={"a": 1.0}),
        edited(PLAIN, objective={"kind": "formula", "fixed": {"b": 2.0}, "constants": {"c": 3}}, weights={"a": 1.0}),
    ],
)
def test_a_whole_model_is_read_from_a_file_and_from_hand_alike(record: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert read_model(str(path)) == read_model(Model("the model", record)) == record


def test_models_of_groups_are_for_those_who_ask_for_them() -> None:
    assert read_model(Model("m", GROUPED), groups=True) == GROUPED
    assert read_model(Model("m", PLAIN), groups=True) == PLAIN
    with pytest.raises(GdsolveError, match=f"^m: schema is '{GROUPS}', not '{SCHEMA}'$"):
        read_model(Model("m", GROUPED))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], f"schema is None, not {SCHEMA!r}"),
        (edited(PLAIN, schema="gdsolve.fit/0"), f"schema is 'gdsolve.fit/0', not {SCHEMA!r}"),
        (edited(PLAIN, weights=None), "weights or data.features are missing"),
        (edited(PLAIN, data=None), "weights or data.features are missing"),
        (edited(PLAIN, data={"features": ["x", 2]}), "weights or data.features are missing"),
        (edited(PLAIN, data={"features": ["x"]}), "weights and data.features name different columns"),
        (edited(PLAIN, weights={"x": 2.0, "z": "1"}), "the weight of 'z' is '1', not a finite number"),
        (edited(PLAIN, weights={"x": True, "z": 1.0}), "the weight of 'x' is True, not a finite number"),
        (edited(PLAIN, intercept=math.inf), "the weight of 'intercept' is inf, not a finite number"),
        (edited(PLAIN, intercept=False), "the weight of 'intercept' is False, not a finite number"),
        (edited(PLAIN, objective={"fixed": {"b": math.nan}}), "the weight of 'b' is nan, not a finite number"),
        (edited(PLAIN, objective={"constants": {"c": None}}), "the weight of 'c' is None, not a finite number"),
        (edited(PLAIN, objective=[]), "objective is [], not a mapping"),
        (edited(PLAIN, descent={"loss": 1}), "descent.loss is 1, not a text"),
        (edited(PLAIN, data={"features": ["x", "z"], "levels": {"x": 3}}), "data.levels.x is 3, not a list"),
        (edited(GROUPED, groups=None), "groups are missing"),
        (edited(GROUPED, groups=[]), "groups are missing"),
        (edited(GROUPED, groups=[{}, 3]), "groups[1] is 3, not a mapping"),
        (edited(GROUPED, groups={}), "groups is {}, not a list"),
        (group(weights={"x": None}), "group a: the weight of 'x' is None, not a finite number"),
        (group(weights={"w": 1.0}), "group a: weights and data.features name different columns"),
        (group(intercept=math.nan), "group a: the weight of 'intercept' is nan, not a finite number"),
    ],
)
def test_what_is_wrong_with_a_model_is_named(record: Any, message: str) -> None:
    with pytest.raises(GdsolveError) as caught:
        read_model(Model("m", record), groups=True)
    assert (caught.value.message, caught.value.exit_code) == (f"m: {message}", ExitCode.USAGE)
    assert caught.value.hint


def test_a_file_that_is_not_there_or_no_json_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    with pytest.raises(GdsolveError) as caught:
        read_model(str(path))
    assert (caught.value.message, caught.value.exit_code) == (f"{path}: no such file or directory", ExitCode.DATA)
    for content, where in ((b'{\n"a": }', " (line 2)"), (b"\xff{}", "")):
        path.write_bytes(content)
        with pytest.raises(GdsolveError) as caught:
            read_model(str(path))
        assert (caught.value.message, caught.value.exit_code) == (f"{path}: not JSON{where}", ExitCode.USAGE)
