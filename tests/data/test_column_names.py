"""The names of columns without a table: those that reading the table gives, for whatever is a CSV file."""

from __future__ import annotations

import gzip
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from gdsolve.data import column_names, open_sources
from gdsolve.imports import Postponed
from gdsolve.spec import Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError

FILES = {
    "plain.csv": (b"a,b,y\n1,2,3\n", ("a", "b", "y")),
    "semicolons.csv": (b"a;b c;y\n1,5;2;3\n", ("a", "b c", "y")),
    "named.csv": (b"sep=|\na|b\n1|2\n", ("a", "b")),
    "tabs.tsv": (b"a\tb\ty\n1\t2\t3\n", ("a", "b", "y")),
    "blanks.txt": (b"# of a meter\na   b  y\n1   2  3\n4  5   6\n", ("a", "b", "y")),
    "no header.csv": (b"1,2,3\n4,5,6\n", ("x1", "x2", "y")),
    "twice.csv": (b"x,x,,y\n1,2,3,4\n", ("x", "x_2", "column_3", "y")),
    "rows.csv": (b'"a","b"\n"one",1,2\n"two",3,4\n', ("row_names", "a", "b")),
    "comments.csv": (b"# a title\na,b\n1,2\n", ("a", "b")),
    "wide.csv": ("größe,y\n1,2\n".encode("utf-16"), ("größe", "y")),
    "old.csv": (b"a,b\r1,2\r", ("a", "b")),
    "packed.csv.gz": (gzip.compress(b"a,b\n1,2\n"), ("a", "b")),
    "records.ndjson": (b'{"a": 1, "y": 2}\n', ("a", "y")),
}


@pytest.mark.parametrize("name", FILES)
def test_they_are_those_of_the_table(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name][0])
    assert column_names([str(path)], Spec()) == FILES[name][1]
    with ExitStack() as stack:
        assert tuple(open_sources([str(path)], Spec(), stack)[0].schema) == FILES[name][1]


def test_options_of_reading_are_kept_to(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a;b,c\n1;2,3\n")
    assert column_names([str(path)], build_spec([str(path)], {"delimiter": ","}, "check")) == ("a;b", "c")
    assert column_names([str(path)], build_spec([str(path)], {"no_header": True}, "check")) == ("x1", "y")


def test_files_of_one_table_have_the_same_columns(tmp_path: Path) -> None:
    for name, text in (("a.csv", "a,y\n1,2\n"), ("b.csv", "y,a\n1,2\n"), ("c.csv", "b,y\n1,2\n")):
        (tmp_path / name).write_text(text)
    assert column_names([str(tmp_path / "[ab].csv")], Spec()) == ("a", "y")
    with pytest.raises(DataError, match="has no column 'a'"):
        column_names([str(tmp_path / "*.csv")], Spec())


def test_a_postponed_module_is_imported_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this_or_that", raising=False)
    monkeypatch.setitem(sys.modules, "colorsys", sys.modules.get("colorsys"))
    monkeypatch.delitem(sys.modules, "colorsys")
    late = Postponed("colorsys")
    assert "colorsys" not in sys.modules
    assert late.rgb_to_hsv(0.0, 0.0, 0.0) == (0.0, 0.0, 0.0)
    assert vars(late)["rgb_to_hsv"] is sys.modules["colorsys"].rgb_to_hsv
    with pytest.raises(AttributeError, match="hue"):
        late.hue  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        Postponed("no_such_module").anything  # noqa: B018
