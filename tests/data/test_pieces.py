"""Text comes in pieces of whole records, wherever the blocks in which it is read happen to end."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import gdsolve
from gdsolve.data import pieces
from gdsolve.data.file import File
from gdsolve.data.pieces import first_piece, first_records, lines_before, pieces_of
from gdsolve.status import DataError

PLAIN = "x,y\n1,2\n\n33,4\n5,666\n7,8"
QUOTED = 'x,y\n"a\nb",2\n"say ""no""\n",4\n5,"6"\n"c,\n\n\nd",7\n'
SIZES = range(1, 40)


def file_of(folder: Path, text: str, *, complete: bool = False) -> File:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    return File("t.csv", str(path), "", complete)


def rows_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


@pytest.mark.parametrize("delimiter", [None, ","])
@pytest.mark.parametrize("text", [PLAIN, QUOTED, PLAIN + "\n", ""])
def test_pieces_are_the_text_cut_at_records(
    text: str, delimiter: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_of(tmp_path, text)
    for size in SIZES:
        monkeypatch.setattr(pieces, "_BLOCK", size)
        found = list(pieces_of(file, 0, delimiter))
        assert b"".join(piece.text for piece in found) == text.encode()
        assert [piece.number for piece in found] == list(range(len(found)))
        assert all(piece.text.endswith(b"\n") for piece in found[:-1])
        assert [lines_before(file, piece, delimiter) for piece in found] == [
            b"".join(one.text for one in found[:place]).count(b"\n") for place in range(len(found))
        ]
        if delimiter is not None:
            assert [row for piece in found for row in rows_of(piece.text)] == rows_of(text.encode())


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("skip", [0, 1, 2, 3, 5, 6, 9])
def test_lines_that_are_skipped_may_end_in_any_piece(
    skip: int, complete: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, rest = file_of(tmp_path, PLAIN, complete=complete), "".join(PLAIN.splitlines(keepends=True)[skip:])
    for size in SIZES:
        monkeypatch.setattr(pieces, "_BLOCK", size)
        found = list(pieces_of(file, skip))
        assert b"".join(piece.text for piece in found).decode() == rest
        assert all(piece.text for piece in found)
        assert first_piece(file, skip).text == (found[0].text if found else b"")


@pytest.mark.parametrize(("size", "count"), [(1, 1), (1, 3), (6, 1), (9, 1), (12, 2), (99, 1), (1, 5)])
def test_the_first_records_are_whole_ones(size: int, count: int, tmp_path: Path) -> None:
    for text, delimiter in ((PLAIN, None), (QUOTED, ",")):
        first = first_records(file_of(tmp_path, text), size, count, 0, delimiter)
        assert text.encode().startswith(first)
        assert first == text.encode() or first.count(b"\n") >= count
        rows = rows_of(first)
        assert rows == rows_of(text.encode())[: len(rows)]


def test_a_record_without_end_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_BLOCK", 8)
    monkeypatch.setattr(pieces, "LONGEST", 16)
    for text, delimiter, told in (
        ("x,y\n1,2\n" + "3" * 40, None, "line 3"),
        ('x,y\n1,2\n5,6\n"3\n' + "4,4\n" * 40, ",", "line 4"),
    ):
        with pytest.raises(DataError, match=told):
            list(pieces_of(file_of(tmp_path, text), 0, delimiter))


@pytest.mark.parametrize("text", ["x,y", "x,y\n", "\ufeffx,y"])
def test_a_header_alone_is_no_row_whether_its_line_ends_or_not(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t.csv: has a header but no rows"):
        gdsolve.fit(file_of(tmp_path, text).path)
