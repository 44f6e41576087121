"""Columns whose names polars reads as something else: `*` is all columns to it, and `^…$` a pattern of names."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from house import HOUSE
from in_process import completed

import gdsolve
from gdsolve.data.literal import column, literal

ODD = ["*", "^x$", "^.*$", "a\nb", "len"]
PATTERNS = ODD[:3]
TAKES = {"select", "drop", "drop_nulls", "sort", "group_by", "unique", "partition_by"}
"""Methods of frames that read a text as a name of columns."""
ROWS = {
    "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
    "own": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0],
    "y": [2.5, 3.0, 6.0, 4.5, 8.0, 12.0, 9.5, 13.0],
}
TEXTS = ["u", "v", "u", "v", "v", "u", "u", "v"]


def table(name: str, *, texts: bool = False) -> pl.DataFrame:
    """A column of this name among others, last but one."""
    return pl.DataFrame({"x": ROWS["x"], name: TEXTS if texts else ROWS["own"], "y": ROWS["y"]})


@cache
def of_plain_names(options: str) -> Any:
    return gdsolve.fit(table("own"), target="y", **ast.literal_eval(options))


def test_a_name_that_is_no_pattern_stays_as_it_is() -> None:
    assert [literal(name) for name in ("x", "a*", "^x", "x$", "")] == ["x", "a*", "^x", "x$", ""]
    frame = pl.DataFrame({name: [place] for place, name in enumerate(["x", *ODD, ""])})
    for place, name in enumerate(frame.columns):
        assert frame.select(column(name)).to_dict(as_series=False) == {name: [place]}
        assert frame.lazy().select(pl.sql_expr(f'"{literal(name)}"')).collect().columns == [name]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"features": ["own"]},
        {"ignore": ["own"]},
        {"weight": "own"},
        {"offset": "own"},
        {"na": "drop", "loss": "huber"},
        {"na": "mean"},
        {"where": '"own" > 1'},
        {"se": "cluster:own"},
        {"cv": 2, "ridge": "auto"},
    ],
    ids=str,
)
def test_a_fit_is_that_of_the_same_table_with_a_plain_name(name: str, options: dict[str, object]) -> None:
    def named(value: object) -> object:
        return [named(one) for one in value] if isinstance(value, list) else str(value).replace("own", name)

    own = {key: named(value) if "own" in str(value) else value for key, value in options.items()}
    if "where" in own:
        own["where"] = '"' + name.replace('"', '""') + '" > 1'
    plain = of_plain_names(str(options))
    odd = gdsolve.fit(table(name), target="y", **own)
    assert list(odd.weights.values()) == list(plain.weights.values())
    assert list(odd.weights) == [name if one == "own" else one for one in plain.weights]
    assert (odd.intercept, odd.sse) == (plain.intercept, plain.sse)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_files_and_models_keep_the_name(tmp_path: Path, name: str, ending: str) -> None:
    for texts in (False, True):
        path, saved = str(tmp_path / f"t.{ending}"), str(tmp_path / "m.json")
        frame = table(name, texts=texts)
        getattr(frame, f"write_{ending}")(path)
        done = completed("fit", path, "--target", "y", "--categorical", "onehot", "--save", saved, "--format", "json")
        assert (done.code, done.err) == (0, "")
        found = json.loads(done.out)
        assert [*found["weights"]][1] == (f"{name}=v" if texts else name)
        predicted = completed("predict", saved, path, "--only")
        expected = gdsolve.fit(table("own", texts=texts), target="y", categorical="onehot")
        own = [float(line) for line in predicted.out.splitlines()[1:]]
        assert (predicted.code, own) == (0, pytest.approx(expected.predict(table("own", texts=texts)).tolist()))


@pytest.mark.parametrize("name", ["*", "^x$"])
@pytest.mark.parametrize("verb", ["fit", "check", "compare", "path", "scan"])
def test_every_verb_takes_it(tmp_path: Path, name: str, verb: str) -> None:
    path = str(tmp_path / "t.csv")
    table(name).write_csv(path)
    for options in ([], ["--ignore", name], ["--where", f'"{name}" > 1'], ["--weight", name]):
        output = ["--output", str(tmp_path / "s.tri")] if verb == "scan" else []
        done = completed(verb, path, "--target", "y", *options, *output, "--quiet")
        assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("name", PATTERNS)
def test_groups_and_dates_and_targets_take_it(name: str) -> None:
    odd = gdsolve.fit(table(name, texts=True), target="y", group_by=name, features="x")
    plain = gdsolve.fit(table("own", texts=True), target="y", group_by="own", features="x")
    assert [one.weights for one in odd] == [one.weights for one in plain]
    days = pl.DataFrame({"x": ROWS["x"], name: [f"2024-01-0{day}" for day in (1, 3, 2, 7, 5, 6, 9, 8)], "y": ROWS["y"]})
    dated = gdsolve.fit(days, target="y", dates="days")
    assert list(dated.weights) == ["x", name]
    assert gdsolve.fit(table(name), target=name).sse == gdsolve.fit(table("own"), target="own").sse
    assert gdsolve.fit(table(name, texts=True), target=name, features="x", loss="logistic", max_iter=3).iterations == 3


def names_given(path: Path) -> list[tuple[int, str]]:
    """Calls that hand polars a name that is neither written out nor taken literally."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        of_polars = owner == "pl"
        if of_polars and node.func.attr in ("col", "exclude"):
            given = node.args
        elif node.func.attr in TAKES and owner not in ("pl", "np"):
            given = [one.value if isinstance(one, ast.Starred) else one for one in node.args]
            # A name that stands for names is what may be read as a pattern; expressions are made elsewhere.
            given = [one for one in given if isinstance(one, ast.Name) and one.id not in EXPRESSIONS]
        else:
            continue
        found += [(one.lineno, ast.unparse(node)) for one in given if not taken_literally(one)]
    return found


EXPRESSIONS = {"_BARE", "careful", "kept", "texts", "wanted", "words", "expression", "expressions", "text", "OVERFLOW"}
"""Names of variables that hold expressions of polars, or a name of gdsolve's own."""


def taken_literally(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id == "OVERFLOW"):
        return True
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("literal", "literals")


def test_no_name_of_a_user_reaches_polars_but_literally() -> None:
    told = {
        str(path.relative_to(HOUSE)): names
        for path in HOUSE.rglob("*.py")
        if "polars" in path.read_text(encoding="utf-8") and (names := names_given(path))
    }
    assert told == {}
