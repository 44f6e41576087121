"""Whatever is given to it, gdsolve ends with a documented code and one line: never with a fault of its own."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest
from hostile import STRICT, VALUES, damaged, places, replaced, require_told, tried
from hypothesis import given
from hypothesis import strategies as st
from in_process import completed

from gdsolve.checkpoint import read_checkpoint, write_checkpoint
from gdsolve.data.scan_file import read_scan_file, write_scan_file

TABLE = pl.DataFrame(
    {
        "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "c": ["a", "b", "a", None, "b", "a"],
        "d": [f"2020-01-0{day}" for day in range(1, 7)],
        "y": [2.0, 1.0, 4.0, 3.0, 6.0, 8.0],
    }
)
PLAIN = TABLE.select("x", "y").with_columns(z=pl.Series([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])).select("x", "z", "y")
CSV = TABLE.write_csv().encode()
SPEC = b"X: [[1, 2], [2, 1], [3, 5]]\ny: [1, 2, 3]\nlr: 0.01\nmax_iter: 10\nlower: x1=0\n"
READ: list[list[str]] = [
    ["--na", "drop"],
    ["--categorical", "onehot", "--na", "drop"],
    ["--dates", "days", "--categorical", "onehot", "--na", "mean"],
    ["--where", "x > 1", "--categorical", "ignore", "--na", "drop"],
    ["--group-by", "c", "--features", "x", "--na", "drop"],
    ["--loss", "huber", "--max-iter", "5", "--categorical", "ignore"],
    ["--no-header", "--categorical", "onehot"],
]


def written(write: Callable[[Any], object]) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def database(folder: Path) -> bytes:
    path = folder / "made.db"
    made = sqlite3.connect(path)
    made.execute("create table t(x real, c text, y real)")
    made.executemany("insert into t values(?, ?, ?)", TABLE.select("x", "c", "y").rows())
    made.commit()
    made.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plain table, and a model, a scan and a checkpoint of it."""
    made = tmp_path_factory.mktemp("hostile")
    PLAIN.write_csv(made / "t.csv")
    table = str(made / "t.csv")
    for words in (
        ["fit", table, "--save", str(made / "m.json")],
        ["scan", table, "--output", str(made / "s.tri")],
        [*RUN, "--max-iter", "5", "--checkpoint", str(made / "c.ckpt"), table],
    ):
        assert completed(*words).code in (0, 3)
    (made / "t.db").write_bytes(database(made))
    return made


RUN = ["fit", "--engine", "rows", "--method", "adam", "--lr", "0.1"]
FILES: dict[str, bytes] = {
    "csv": CSV,
    "tsv": CSV.replace(b",", b"\t"),
    "ndjson": TABLE.write_ndjson().encode(),
    "svm": b"1 1:2 3:4\n2 1:3\n3 2:1 3:1\n",
    "parquet": written(TABLE.write_parquet),
    "arrow": written(lambda stream: TABLE.write_ipc(stream, compression="uncompressed")),
    "feather": written(lambda stream: TABLE.write_ipc(stream, compression="lz4")),
    "csv.gz": gzip.compress(CSV, mtime=0),
    "csv.zst": bytes(pa.compress(CSV, codec="zstd", asbytes=True)),
}


@pytest.mark.parametrize("ending", FILES)
def test_a_damaged_table_is_told(folder: Path, ending: str) -> None:
    @tried(8)
    @given(damaged(FILES[ending]), st.sampled_from(["fit", "check"]), st.sampled_from(READ))
    def judge(content: bytes, verb: str, options: list[str]) -> None:
        path = folder / f"t.{ending}"
        path.write_bytes(content)
        own = [one for one in options if verb == "fit" or one not in ("--max-iter", "5", "--loss", "huber")]
        require_told(completed(verb, str(path), *own, "--quiet"), (content, verb, own))

    judge()


def test_a_damaged_database_is_told(folder: Path) -> None:
    whole = (folder / "t.db").read_bytes()

    @tried(6)
    @given(damaged(whole))
    def judge(content: bytes) -> None:
        (folder / "d.db").write_bytes(content)
        require_told(completed("fit", str(folder / "d.db"), "--categorical", "ignore", "--quiet"), content)

    judge()


LONG, NUL = "a" * 300, "a\0b"
NAMES = {
    "fit": [["{}.csv"], ["{}.yaml"], ["{}.tri"], ["TABLE", "{}.csv"], ["sqlite:{}.db"], ["{}.csv?query=select"]],
    "check": [["{}.parquet"]],
    "trace": [["{}.yaml"]],
    "predict": [["{}.json", "TABLE"], ["MODEL", "{}.csv"]],
    "score": [["{}.json", "TABLE"]],
    "certify": [["TABLE", "--weights", "{}.json"]],
    "report": [["TABLE", "--output", "{}.html"]],
    "scan": [["TABLE", "--output", "{}.tri"]],
}
OPTIONS = ["--save {}.json", "--history {}.csv", "--plot {}.svg", "--code {}.py", "--init {}.json", "--online {}.json"]
OPTIONS += ["--resume {}", "--checkpoint {}"]


@pytest.mark.parametrize("name", [LONG, NUL, "\ud800", f"{LONG}/x", "t.csv/x", "none/x"], ids=ascii)
def test_names_that_no_file_can_have_are_told(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    named = {"TABLE": "t.csv", "MODEL": "m.json"}
    runs = [[verb, *words] for verb, several in NAMES.items() for words in several]
    runs += [["fit", "t.csv", *option.split()] for option in OPTIONS]
    for words in runs:
        done = completed(*(named.get(word, word.format(name)) for word in words))
        assert done.code in (2, 5), words
        require_told(done, words)


@pytest.mark.parametrize("key", ["data", "save", "history", "plot", "init", "checkpoint", "resume", "code"])
def test_a_spec_names_no_such_file_either(folder: Path, key: str) -> None:
    ending = {"save": ".json", "plot": ".svg", "code": ".py", "init": ".json"}.get(key, ".csv")
    for name in (LONG, "a\\0b", "a\\ud800"):
        data = "" if key == "data" else f"data: {folder / 't.csv'}\n"
        (folder / "n.yaml").write_text(f'{data}{key}: "{name}{ending}"\n')
        done = completed("fit", str(folder / "n.yaml"))
        assert done.code in (2, 5), name
        require_told(done, name)


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "t.csv", "--model", "x" + ".y" * 2000],
        ["fit", "t.csv", "--formula", "y ~ I(x" + ".y" * 2000 + ")"],
        ["fit", "--minimize", "a" + "[0]" * 2000, "--start", "a=1"],
        ["fit", "--minimize", "+".join(["a"] * 5000) + " > 1", "--start", "a=1"],
        ["fit", "t.csv", "--formula", "`` ~ x"],
        ["fit", "t.csv", "--where", "x" + "::double" * 20_000 + " = 1"],
        ["fit", "t.csv", "--where", " or ".join(["x = 1"] * 600)],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_what_is_nested_or_long_without_end_is_told(
    folder: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = completed(*words)
    assert done.code == 2
    require_told(done, words)


def test_texts_and_dates_that_nothing_holds_are_told(folder: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    days = pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())
    for column, said in ((broken, "Invalid UTF8 sequence"), (days, "column 'c' holds dates beyond the year 262,000")):
        table = pa.table({"x": [1.0, 2.0], "c": column, "y": [1.0, 2.0]})
        pq.write_table(table, folder / "o.parquet")
        pf.write_feather(table, folder / "o.feather")
        for name in ("o.parquet", "o.feather"):
            done = completed("check", str(folder / name))
            assert done.code == 5
            assert said in done.err
            require_told(done, name)


@tried(20)
@given(damaged(SPEC), st.sampled_from(["fit", "check", "trace"]))
def test_a_damaged_spec_is_told(folder: Path, content: bytes, verb: str) -> None:
    (folder / "s.yaml").write_bytes(content)
    require_told(completed(verb, str(folder / "s.yaml"), "--quiet"), (content, verb))


@tried(40)
@given(st.data())
def test_a_model_with_any_value_at_any_place_is_told(folder: Path, data: st.DataObject) -> None:
    model, table, saved = json.loads((folder / "m.json").read_text()), str(folder / "t.csv"), str(folder / "n.json")
    read = {key: model[key] for key in ("schema", "weights", "intercept", "objective", "descent", "data", "covariance")}
    at, by = data.draw(st.sampled_from(list(places(read)))), data.draw(st.sampled_from([..., *VALUES]))
    Path(saved).write_text(json.dumps(replaced(model, at, by)))
    words = data.draw(
        st.sampled_from(
            [
                ["predict", saved, table],
                ["predict", saved, table, "--interval", "0.9"],
                ["score", saved, table],
                ["certify", table, "--weights", saved],
                ["fit", table, "--init", saved],
                ["fit", table, "--online", saved],
            ]
        )
    )
    require_told(completed(*words), (at, by, words))


@tried(20)
@given(st.data())
def test_a_checkpoint_with_any_value_at_any_place_is_told(folder: Path, data: st.DataObject) -> None:
    content = read_checkpoint(str(folder / "c.ckpt"))
    at, by = data.draw(st.sampled_from(list(places(content)))), data.draw(st.sampled_from([..., *STRICT]))
    made = str(folder / "d.ckpt")
    write_checkpoint(made, replaced(content, at, by))
    require_told(completed(*RUN, "--max-iter", "9", "--resume", made, str(folder / "t.csv")), (at, by))


@tried(20)
@given(st.data())
def test_a_scan_with_any_value_at_any_place_is_told(folder: Path, data: st.DataObject) -> None:
    stored = read_scan_file(str(folder / "s.tri"))
    key = data.draw(st.sampled_from([one.name for one in dataclasses.fields(stored.info)]))
    by, verb = data.draw(st.sampled_from(STRICT)), data.draw(st.sampled_from(["fit", "check", "path"]))
    made = str(folder / "d.tri")
    write_scan_file(made, dataclasses.replace(stored, info=dataclasses.replace(stored.info, **{key: by})))
    require_told(completed(verb, made), (key, by, verb))


@tried(10)
@given(st.data())
def test_damaged_models_checkpoints_and_scans_are_told(folder: Path, data: st.DataObject) -> None:
    name, words = data.draw(
        st.sampled_from(
            [
                ("m.json", ["predict", "DAMAGED", "TABLE"]),
                ("c.ckpt", [*RUN, "--resume", "DAMAGED", "TABLE"]),
                ("s.tri", ["fit", "DAMAGED"]),
            ]
        )
    )
    path = folder / f"damaged-{name}"
    path.write_bytes(data.draw(damaged((folder / name).read_bytes())))
    table = str(folder / "t.csv")
    done = completed(*(str(path) if one == "DAMAGED" else table if one == "TABLE" else one for one in words))
    require_told(done, (name, path.read_bytes()))
