"""The columns that records of groups are made of: as text they say what they say as dicts, to the last bit."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve.report import write_record
from gdsolve.report.group_record import groups_record
from gdsolve.spec import Format

NAMES = ["a", 'Köln "x"', "back\\slash", "tab\tand\u2028line", "constant", "thin", "\U0001f600"]
FEATURES = ["x", 'size "of" ü']


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(*, broken: bool = False) -> pl.DataFrame:
    """Groups with every kind of name and fit; the cells of y are texts where some are `broken`."""
    rng = np.random.default_rng(11)
    sizes = {"thin": 1}
    codes = [name for name in NAMES for _ in range(sizes.get(name, 8))]
    X = rng.normal(size=(len(codes), 2))
    y = [
        7.0 if name == "constant" else row @ [2.0, -1.0] + 0.1 * rng.normal()
        for name, row in zip(codes, X, strict=True)
    ]
    cells: list[Any] = [f"{value!r}" for value in map(float, y)]
    if broken:
        cells[0] = "oops"
    return pl.DataFrame({"g": codes, FEATURES[0]: X[:, 0], FEATURES[1]: X[:, 1], "y": cells if broken else y})


def record_of(frame: pl.DataFrame, **options: Any) -> Any:
    frame.write_csv("t.csv")
    return groups_record(gdsolve.fit("t.csv", target="y", group_by="g", **options))


def written(record: Any, encoding: str = "utf-8", format: Format = Format.JSON) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    write_record(record, format, stream)
    stream.seek(0)
    return stream.read()


def parsed(text: str) -> list[Any]:
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


@pytest.mark.parametrize("options", [{}, {"report": True}, {"lr": 5.0, "max_iter": 40}, {"ridge": 0.5}], ids=str)
def test_lines_say_what_dicts_say_to_the_last_bit(options: dict[str, Any]) -> None:
    record = record_of(table(broken=True), **options)
    lines = parsed(written(record))
    assert repr(lines) == repr(list(record["groups"]))
    assert [line["group"]["g"] for line in lines] == NAMES
    assert {line["status"] for line in lines} >= {"failed"} and len(record["groups"]) == len(NAMES)
    assert lines[0]["weights"] is None and list(lines[1]["weights"]) == FEATURES
    assert list(lines[0]) == list(lines[1]) == list(record["groups"][0])


def test_figures_are_those_of_the_groups_in_python() -> None:
    table().write_csv("t.csv")
    fits = gdsolve.fit("t.csv", target="y", group_by="g", report=True)
    lines = parsed(written(groups_record(fits)))
    for one, line in zip(fits, lines, strict=True):
        found = one.found
        assert (line["group"]["g"], line["weights"], line["intercept"]) == (one.group, one.weights, one.intercept)
        assert (line["iterations"], line["best_iteration"]) == (found.iterations, found.best_iteration)
        assert (line["sse"], line["r2"], line["gap"]) == (found.figures.sse, found.figures.r2, found.gap)
        assert line["spectrum"]["largest_stable_lr"] == found.spectrum.largest_stable
        assert line["spectrum"]["best_lr"] == found.spectrum.best
        errors = [each["standard_error"] for each in line["report"]["parameters"].values()]
        assert errors == [each.standard_error for each in found.inference.estimates]
        assert (line["optimum"]["unique"], line["data"]["rows"]) == (found.optimum.unique, one.rows)
    assert {line["r2"] is None for line in lines} == {True, False}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_a_stream_that_lacks_characters_gets_their_escapes(encoding: str) -> None:
    record = record_of(table())
    text = written(record, encoding)
    assert text.isascii() == (encoding != "utf-16")
    assert parsed(text) == parsed(written(record))


def test_without_one_group_that_can_be_fitted_all_figures_are_null() -> None:
    frame = pl.DataFrame({"g": ["u", "u", "v"], "x": [1, 2, 3], "y": ["1", "oops", "none"]})
    lines = parsed(written(record_of(frame)))
    assert [line["status"] for line in lines] == ["failed", "failed"]
    assert {line[name] for line in lines for name in ("weights", "iterations", "optimum", "spectrum", "report")} == {
        None
    }
    assert lines[0]["message"].startswith("t.csv: row 2 (line 3), column 'y': 'oops' is not a number")


@pytest.mark.parametrize(("limit", "told"), [(10**12, "1" + "0" * 12), (10**38, "1" + "0" * 38), (10**300, "1e+300")])
def test_any_number_of_updates_can_be_told(limit: int, told: str) -> None:
    record = record_of(table(), lr=1e-30, tol=0.0, max_iter=limit)
    assert f'"iterations":{told},' in written(record).split("\n")[1]
    assert float(written(record, format=Format.CSV).split("\n")[2].split(",")[3]) == float(limit)
