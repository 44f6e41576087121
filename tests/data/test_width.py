"""What many columns take is foreseen from the header, and refused before a cell is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data import table as table_module
from gdsolve.data import width
from gdsolve.data.cells import AT_ONCE, Cells, ColumnKind, kinds_of
from gdsolve.data.columns import columns_in, nearest
from gdsolve.nearest import MOST_COMPARED, nearest_names
from gdsolve.room import Room

FEW = 50


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of fifty features, which are many here."""
    monkeypatch.setattr(width, "MANY", FEW)
    path = tmp_path / "wide.csv"
    head = ",".join([*(f"x{place}" for place in range(FEW)), "y"])
    rows = [",".join(str((7 * row + place) % 11) for place in range(FEW + 1)) for row in range(80)]
    path.write_text("\n".join([head, *rows, ""]))
    return path


def leave(monkeypatch: pytest.MonkeyPatch, room: Room) -> None:
    monkeypatch.setattr(width, "host_room", lambda: room)


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every look at a row fail."""

    def refuse(*_: object) -> None:
        raise AssertionError("a row was read")

    monkeypatch.setattr(table_module, "first_rows", refuse)


def test_features_without_room_are_refused_at_the_header(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unread(monkeypatch)
    leave(monkeypatch, Room(51 * width.COLUMN_BYTES + 1, None))
    monkeypatch.setattr(width, "COLUMN_BYTES", 100)
    leave(monkeypatch, Room(51 * 100, None))
    with pytest.raises(gdsolve.DataError) as fault:
        gdsolve.fit(table)
    # 3·8·50·50 bytes: fewer features than rows, of which there are about 81 lines.
    assert fault.value.message == f"{table}: 50 features of about 81 rows take at least 60 kB, and 5.1 kB are available"
    assert (fault.value.hint, fault.value.exit_code) == ("fewer columns (--features)", 5)
    assert gdsolve.fit  # the hint is followed in the next test


def test_its_hint_is_followed(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(width, "COLUMN_BYTES", 100)
    leave(monkeypatch, Room(51 * 100, None))
    assert gdsolve.fit(table, features=["x1", "x2"]).status is gdsolve.Status.CONVERGED


def test_columns_without_room_are_refused_whatever_is_used_of_them(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unread(monkeypatch)
    leave(monkeypatch, Room(100_000, None))
    for command in (["fit", str(table), "--features", "x1"], ["check", str(table)]):
        assert run([*command, "--quiet"]) == 5
        told = capsys.readouterr().err.splitlines()
        assert told == [
            f"gdsolve: error: {table}: 51 columns take 261 kB to read, and 100 kB are available",
            "hint: write fewer columns to another file, as cut -d, -f1-100 does",
        ]


def test_a_limit_on_addresses_counts_as_well(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, Room(None, 51 * width.COLUMN_ADDRESSES - 1))
    with pytest.raises(gdsolve.DataError, match="51 columns take 261 kB to read, and 261 kB are available"):
        gdsolve.fit(table)


def test_few_long_rows_take_less(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = table.read_text().splitlines()
    short = table.with_name("short.csv.gz")
    short.write_bytes(gzip.compress("\n".join([*lines[:4], ""]).encode()))
    monkeypatch.setattr(width, "COLUMN_BYTES", 100)
    # 3·8·50·4 bytes.
    leave(monkeypatch, Room(5200, None))
    assert gdsolve.fit(short, lr=1e-4, max_iter=2).iterations == 2
    leave(monkeypatch, Room(4799, None))
    monkeypatch.setattr(width, "COLUMN_BYTES", 1)
    with pytest.raises(gdsolve.DataError, match=r"50 features of about 4 rows take at least 4\.8 kB"):
        gdsolve.fit(short)


def test_kinds_of_many_columns_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    cells = Cells.of(".", ("na", "-999"))
    makes = {"n": ["1", "2.5"], "m": ["-999", "3"], "t": ["a", "b"], "b": ["true", "false"], "d": ["2024-01-02"] * 2}
    frame = pl.DataFrame({f"{make}{place}": made for place in range(AT_ONCE) for make, made in makes.items()})
    kinds = kinds_of(frame, frame.schema, cells, typed=False)
    expected = {
        "n": ColumnKind.NUMBER,
        "m": ColumnKind.NUMBER,
        "t": ColumnKind.TEXT,
        "b": ColumnKind.BOOLEAN,
        "d": ColumnKind.DATE,
    }
    assert kinds == {name: expected[name[0]] for name in frame.columns}


def test_the_nearest_of_very_many_names_is_found_among_those_alike() -> None:
    names = [f"column_{place}" for place in range(50 * MOST_COMPARED)]
    assert nearest_names("colunm_7", names)[0] == "column_7"
    assert nearest_names("column_99999", names) == ["column_99999"]
    assert nearest_names("quite else", names) == []
    assert nearest("COLUMN_31", names) == "column_31"


def test_very_many_names_of_a_flag_are_looked_up_at_once() -> None:
    names = [f"x{place}" for place in range(200_000)]
    assert columns_in("features", tuple(names), names, "t.csv") == tuple(names)
