"""What reading and descending tell of how far they are, to whoever listens."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import polars as pl
import pytest

import gdsolve
from gdsolve.data import prefetch
from gdsolve.data.table import open_table
from gdsolve.progress import SILENT, Descending, Reading, Stage, listener, listening
from gdsolve.solve.check import check
from gdsolve.solve.compare import compare
from gdsolve.solve.fit import fit
from gdsolve.solve.predict import predict
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError, Status

ROWS = 400_000


class Ear:
    """Keeps all that it is told; `None` stands for the end of a stage."""

    def __init__(self) -> None:
        self.heard: list[Stage | None] = []

    def tell(self, stage: Stage) -> None:
        self.heard.append(stage)

    def done(self) -> None:
        self.heard.append(None)

    def hidden(self) -> AbstractContextManager[None]:
        return nullcontext()

    def of(self, title: str) -> list[Stage]:
        return [stage for stage in self.heard if stage is not None and stage.title == title]

    @property
    def titles(self) -> list[str]:
        """The titles, one for every stage."""
        titles = [None if stage is None else stage.title for stage in self.heard]
        return [title for title, before in zip(titles, [None, *titles], strict=False) if title and title != before]


@contextmanager
def ear() -> Iterator[Ear]:
    one = Ear()
    with listening(one):
        yield one


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows in several forms; they grow longer towards the end, as numbered rows do."""
    folder = tmp_path_factory.mktemp("tables")
    frame = pl.DataFrame({"x": [float(k % 97) for k in range(ROWS)], "n": range(ROWS)})
    frame = frame.with_columns(y=2.0 * pl.col("x") + 1.0)
    frame.write_csv(folder / "t.csv")
    frame.write_ndjson(folder / "t.ndjson")
    frame.write_parquet(folder / "t.parquet", row_group_size=20_000)
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes(), 1))
    return folder


def read(*sources: Path, **options: object) -> list[Stage]:
    with ear() as heard, open_table([str(path) for path in sources], build_spec([], options, "fit")) as table:
        assert sum(len(batch.values) for batch in table.batches()) == ROWS * len(sources)
    assert heard.heard[-1] is None
    keys = ["finding keys"] if any(path.suffix == ".ndjson" for path in sources) else []
    assert heard.titles == [*keys, "reading"]
    return heard.of("reading")


@pytest.mark.parametrize("name", ["t.csv", "t.ndjson", "t.parquet"])
def test_a_reading_tells_rows_bytes_and_share(tables: Path, name: str) -> None:
    told = read(tables / name)
    size = (tables / name).stat().st_size
    assert all(isinstance(stage, Reading) and stage.bytes is not None and stage.share is not None for stage in told)
    assert (told[0].rows, told[0].share, told[0].begun) == (0, 0.0, False)  # type: ignore[union-attr]
    assert told[-1].rows == ROWS  # type: ignore[union-attr]
    assert told[-1].bytes == pytest.approx(size, rel=0.02)  # type: ignore[union-attr]
    shares = [stage.share for stage in told]
    assert shares == sorted(shares)  # type: ignore[type-var]
    assert shares[-1] == pytest.approx(1.0, rel=0.02)
    assert len(told) > 2


def test_several_files_are_one_reading(tables: Path) -> None:
    told = read(tables / "t.csv", tables / "t.parquet", tables / "t.csv")
    sizes = [(tables / name).stat().st_size for name in ("t.csv", "t.parquet", "t.csv")]
    assert told[-1].rows == 3 * ROWS  # type: ignore[union-attr]
    assert told[-1].bytes == pytest.approx(sum(sizes), rel=0.02)  # type: ignore[union-attr]
    shares = [stage.share for stage in told]
    assert shares == sorted(shares)  # type: ignore[type-var]


def test_how_large_compressed_text_is_stays_unknown(tables: Path) -> None:
    for told in (read(tables / "t.csv.gz"), read(tables / "t.csv", tables / "t.csv.gz")):
        assert {(stage.bytes, stage.share) for stage in told} == {(None, None)}  # type: ignore[union-attr]
        assert told[-1].rows % ROWS == 0  # type: ignore[union-attr]


def test_a_thread_that_reads_ahead_tells_whoever_listens_to_its_caller(tables: Path) -> None:
    with ear() as heard, open_table([str(tables / "t.csv")], build_spec([], {}, "fit")) as table:
        assert sum(len(batch.values) for batch in prefetch(table.batches())) == ROWS
    assert heard.of("reading")[-1].rows == ROWS  # type: ignore[union-attr]


def test_every_pass_has_its_title(tables: Path, tmp_path: Path) -> None:
    lines = ["colour,x,y", *("red,1,2", "blue,,3", "red,5,7", "blue,6,1", "red,2,2")]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    spec = build_spec([str(tmp_path / "t.csv")], {"categorical": "onehot", "na": "mean"}, "fit")
    with ear() as heard, open_table([str(tmp_path / "t.csv")], spec) as table:
        list(table.batches())
    # The means are found at the first cell that lacks one, in the midst of the reading.
    assert heard.titles == ["finding levels", "reading", "finding means"]
    assert heard.heard[-1] is None


def test_an_error_ends_the_stage(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,3\n" + "3,4\n" * 50_000 + "4,abc\n")
    with ear() as heard, pytest.raises(DataError, match="'abc' is not a number"):
        fit(build_spec([str(tmp_path / "t.csv")], {}, "fit"))
    assert heard.heard[-1] is None


def test_copying_tells_its_bytes(tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (tables / "t.csv").stat().st_size
    with (tables / "t.csv").open() as stdin, ear() as heard:
        monkeypatch.setattr(sys, "stdin", stdin)
        with open_table(["-"], build_spec([], {}, "fit")) as table:
            list(table.batches())
    assert heard.titles == ["receiving", "reading"]
    assert heard.of("receiving")[-1] == Reading("receiving", None, size, 1.0)
    assert heard.of("reading")[-1].bytes == pytest.approx(size, rel=0.02)  # type: ignore[union-attr]
    packed = tmp_path / "t.parquet.gz"
    packed.write_bytes(gzip.compress((tables / "t.parquet").read_bytes(), 1))
    with ear() as heard, open_table([str(packed)], build_spec([], {}, "fit")):
        pass
    # Of what comes out of compressed data nobody knows how much there will be.
    unpacked = (tables / "t.parquet").stat().st_size
    assert heard.of("unpacking")[-1] == Reading("unpacking", None, unpacked, None)


def test_a_descent_tells_its_loss_in_the_units_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,200\n2,400\n3,500\n4,900\n")
    options = {"engine": "triangle", "max_iter": 500, "tol": 0.0, "lr": 0.001, "scale": "standard"}
    with ear() as heard:
        result = fit(build_spec([str(tmp_path / "t.csv")], options, "fit"))
    told = heard.of("descending")
    assert told[0] == Descending("descending", 0, None, None, 500)
    last = told[-1]
    assert isinstance(last, Descending)
    assert (last.iteration, last.last, last.share) == (500, 500, 1.0)
    assert last.loss == pytest.approx(result.figures.loss)
    assert last.gradient_norm == pytest.approx(result.trace.gradient_norms[-1])
    assert heard.heard[-1] is None


def test_a_descent_knows_where_it_will_end(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,4\n3,5\n4,9\n")
    for options in ({"engine": "triangle", "lr": 0.05}, {"method": "momentum", "engine": "triangle"}):
        with ear() as heard:
            result = fit(build_spec([str(tmp_path / "t.csv")], options, "fit"))
        assert result.status is Status.CONVERGED
        (last,) = {stage.last for stage in heard.of("descending") if isinstance(stage, Descending)}
        assert last is not None
        assert abs(last - result.iterations) <= 2


def test_a_descent_whose_end_is_unknown_says_so() -> None:
    options = {"minimize": "(1 - a)**2 + 100*(b - a**2)**2", "start": "a=-1,b=1", "method": "lbfgs"}
    with ear() as heard:
        fit(build_spec([], options, "fit"))
    assert {stage.last for stage in heard.of("descending") if isinstance(stage, Descending)} == {None}
    assert heard.titles == ["descending", "certifying"]


def test_compare_says_which_method_runs(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,4\n3,5\n4,9\n")
    with ear() as heard:
        compare(build_spec([str(tmp_path / "t.csv")], {"methods": ["gd", "lbfgs"]}, "compare"))
    assert heard.titles == ["reading", "gd (1 of 2)", "lbfgs (2 of 2)"]


def test_check_and_predict_tell_their_passes(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,4\n3,5\n4,9\n")
    path = str(tmp_path / "t.csv")
    with ear() as heard:
        check(build_spec([path], {}, "check"))
    assert heard.titles[:2] == ["describing", "reading"]
    gdsolve.fit(path, save=str(tmp_path / "m.json"))
    with ear() as heard:
        predict(build_spec([path], {}, "predict"), str(tmp_path / "m.json"), io.StringIO())
    assert heard.of("predicting")[-1].rows == 4  # type: ignore[union-attr]
    assert heard.heard[-1] is None


def test_nobody_listens_to_python() -> None:
    assert listener() is SILENT
