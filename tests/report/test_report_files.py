"""Records as JSON, CSV and files."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import report_records as records
from hypothesis import given
from hypothesis import strategies as st
from report_records import AsciiStream

from gdsolve.report import check_history_path, save_json, write_history, write_record
from gdsolve.report.plain import finite, write_history_csv
from gdsolve.report.write import HISTORY_WRITERS, WRITERS
from gdsolve.spec import FORMATS, Format
from gdsolve.status import ExitCode, GdsolveError

RECORDS = [
    records.one_step(),
    records.textbook_rates(),
    records.collinear(),
    records.impossible(),
    records.two_methods(),
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def written(record: dict[str, Any], format: Format) -> str:
    stream = io.StringIO()
    write_record(record, format, stream)
    return stream.getvalue()


def history(record: dict[str, Any]) -> str:
    stream = io.StringIO()
    write_history_csv(record, stream)
    return stream.getvalue()


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_schema_has_every_format() -> None:
    # Groups are a document a line, and have tests of their own.
    schemas = {record["schema"] for record in RECORDS} | {"gdsolve.groups/1"}
    tabular = {(schema, format) for schema in schemas for format in FORMATS["check"]}
    others = ("fit", "trace", "path", "certify", "scan", "score")
    own = {(f"gdsolve.{verb}/1", format) for verb in others for format in FORMATS[verb]}
    listed = {("gdsolve.configs/1", format) for format in FORMATS["configs"]}
    assert set(WRITERS) == tabular | own | listed
    assert set(HISTORY_WRITERS) == {".csv", ".ndjson"}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["schema"])
def test_json_comes_back_equal(record: dict[str, Any]) -> None:
    text = written(record, Format.JSON)
    assert json.loads(text) == record
    assert text.startswith('{\n  "schema": ')
    assert text.endswith("}\n")


@given(TREES)
def test_json_of_anything_comes_back_equal(tree: Any) -> None:
    record = {"schema": "gdsolve.fit/1", "tree": tree}
    assert json.loads(written(record, Format.JSON)) == record


def test_what_is_not_json_becomes_null() -> None:
    record = {**records.one_step(), "sse": math.inf, "gap": math.nan, "weights": {"x": -math.inf}}
    found = json.loads(written(record, Format.JSON), parse_constant=pytest.fail)
    assert (found["sse"], found["gap"], found["weights"]) == (None, None, {"x": None})
    assert finite((1.5, [math.nan])) == [1.5, [None]]


def test_json_escapes_only_where_the_stream_must() -> None:
    record = {**records.one_step(), "message": "größe"}
    assert "größe" in written(record, Format.JSON)
    stream = AsciiStream()
    write_record(record, Format.JSON, stream)
    assert json.loads(stream.text()) == record


def test_a_path_that_is_not_utf8_can_be_written() -> None:
    record = {**records.one_step(), "message": os.fsdecode(b"\xff.csv")}
    text = written(record, Format.JSON)
    text.encode("utf-8")
    assert json.loads(text) == record


def test_csv_of_a_fit_is_its_table_of_coefficients() -> None:
    record = records.one_step()
    assert written(record, Format.CSV) == "term,estimate\nx,0.28\nintercept,0.12\n"
    record["data"]["features"], record["weights"] = ["intercept"], {"intercept": 0.28}
    assert written(record, Format.CSV) == "term,estimate\nintercept,0.28\n(intercept),0.12\n"


def test_a_history_in_csv_is_the_iteration_table() -> None:
    text = history(records.one_step())
    assert text.splitlines()[0] == "iteration,sse,loss,gradient_norm,update,x,intercept"
    assert text.splitlines()[2] == f"1,11.8016,11.8016,{math.hypot(21.44, 9.28)!r},0.28,0.28,0.12"
    assert "\r" not in text


def test_csv_comes_back_equal() -> None:
    record = records.large(11)
    rows = cells(history(record))
    assert [list(row)[5:] for row in rows[:1]] == [[*records.names(11), "intercept"]]
    for row, trace in zip(rows, record["trace"], strict=True):
        assert int(row["iteration"]) == trace["iteration"]
        assert row["update"] == ("" if trace["update"] is None else repr(trace["update"]))
        assert {name: float(row[name]) for name in trace["weights"]} == trace["weights"]


def test_a_weight_named_like_a_fixed_column_gets_a_column_of_its_own() -> None:
    record = records.one_step()
    record["data"]["features"] = ["loss", "weight_loss"]
    for row in record["trace"]:
        row["weights"] = {"loss": 7.0, "weight_loss": 8.0}
    row = cells(history(record))[1]
    assert (row["loss"], row["weight_weight_loss"], row["weight_loss"]) == ("11.8016", "7.0", "8.0")


def test_csv_without_an_intercept_has_no_column_for_it() -> None:
    rate = records.textbook_rates()["rates"][0]
    record = {**records.one_step(), "intercept": None, "optimum": {"intercept": None}, "trace": rate["trace"]}
    assert history(record).splitlines()[0] == "iteration,sse,loss,gradient_norm,update,x"


def test_csv_of_rates_keeps_their_order() -> None:
    record = records.textbook_rates()
    for rate in record["rates"]:
        rate["trace"] = []
    record["rates"][5]["sse"] = math.inf
    rows = cells(written(record, Format.CSV))
    assert [float(row["learning_rate"]) for row in rows] == [rate["learning_rate"] for rate in record["rates"]]
    assert list(rows[0]) == ["learning_rate", "status", "iterations", "sse", "loss", "gap", "factor"]
    assert rows[5]["sse"] == ""
    assert rows[2]["status"] == "edge_of_stability"


def test_csv_of_iterates_has_a_row_per_rate_and_iteration() -> None:
    record = records.textbook_rates()
    record["data"]["features"] = ["status"]
    for rate in record["rates"]:
        for row in rate["trace"]:
            row["weights"] = {"status": row["weights"].popitem()[1]}
    rows = cells(written(record, Format.CSV))
    names = ["learning_rate", "status", "iteration", "sse", "loss", "gradient_norm", "update", "weight_status"]
    assert list(rows[0]) == names
    expected = [(rate, row) for rate in record["rates"] for row in rate["trace"]]
    assert [(float(row["learning_rate"]), row["status"], int(row["iteration"])) for row in rows] == [
        (rate["learning_rate"], rate["status"], row["iteration"]) for rate, row in expected
    ]
    assert [float(row["weight_status"]) for row in rows] == [row["weights"]["status"] for _, row in expected]


def test_csv_of_a_check_has_a_row_per_column() -> None:
    rows = cells(written(records.collinear(), Format.CSV))
    assert [row["name"] for row in rows] == [column["name"] for column in records.collinear()["columns"]]
    assert (rows[3]["constant"], rows[2]["duplicate_of"], rows[4]["levels"], rows[4]["mean"]) == (
        "true",
        "area",
        "5",
        "",
    )


def test_csv_on_an_ascii_stream_escapes_a_name() -> None:
    record = records.large(11)
    stream = AsciiStream()
    write_record(record, Format.CSV, stream)
    assert "\\u03a9" in stream.text()


def test_a_saved_record_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "größe.json"
    save_json(records.one_step(), str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == records.one_step()
    assert os.listdir(tmp_path) == ["größe.json"]  # noqa: PTH208


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GdsolveError, match=r"cannot write .*model\.json: No space left on device") as caught:
        save_json(records.one_step(), str(path))
    assert caught.value.exit_code is ExitCode.FAULT
    assert "free some space" in (caught.value.hint or "")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize("missing", ["link", "O_TMPFILE"])
def test_where_a_file_cannot_be_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    if missing == "link":
        monkeypatch.setattr(os, "link", refuse)
    else:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path = tmp_path / "model.json"
    for _ in range(2):
        save_json(records.one_step(), str(path))
        assert json.loads(path.read_text()) == records.one_step()
        assert [entry.name for entry in tmp_path.iterdir()] == ["model.json"]


def test_an_interrupt_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save_json(records.one_step(), str(path))
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("no/such/model.json", "No such file or directory", "make the folder first: mkdir -p"),
        ("", "Is a directory", "give the name of a file"),
        ("file/model.json", "Not a directory", "is a file, not a folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_named(tmp_path: Path, name: str, message: str, hint: str) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / name)
    with pytest.raises(GdsolveError) as caught:
        save_json(records.one_step(), path)
    assert caught.value.message == f"cannot write {path}: {message}"
    assert hint in (caught.value.hint or "")
    assert caught.value.exit_code is ExitCode.USAGE


def test_rights_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.touch()
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        save_json(records.one_step(), str(old))
        save_json(records.one_step(), str(new))
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (old, new)] == [0o640, 0o640]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.touch()
    link.symlink_to(target)
    save_json(records.one_step(), str(link))
    assert link.is_symlink()
    assert json.loads(target.read_text()) == records.one_step()


def test_a_device_is_written_to_and_not_replaced() -> None:
    save_json(records.one_step(), os.devnull)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_history_has_the_same_columns_in_csv_and_ndjson(tmp_path: Path) -> None:
    record = records.large(3)
    record["trace"][2]["sse"] = math.nan
    table, lines = tmp_path / "trace.csv", tmp_path / "trace.NDJSON"
    write_history(record, str(table))
    write_history(record, str(lines))
    assert table.read_bytes().decode() == history(record)
    objects = [json.loads(line, parse_constant=pytest.fail) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in objects] == [list(cells(table.read_text(encoding="utf-8"))[0])] * len(record["trace"])
    assert objects[2]["sse"] is None
    assert objects[3]["intercept"] == record["trace"][3]["intercept"]


def test_another_ending_is_refused_early() -> None:
    with pytest.raises(GdsolveError, match=r"history: trace\.txt ends in neither \.csv nor \.ndjson") as caught:
        check_history_path("trace.txt")
    assert caught.value.exit_code is ExitCode.USAGE
    check_history_path("trace.csv")
