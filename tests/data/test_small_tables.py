"""Small tables are read in fewer steps, and to the same numbers and errors as large ones."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import gdsolve
from gdsolve.data import open_table
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError

ODD = [
    "1e-320",
    "0.1",
    "+2",
    "-.5",
    "5.",
    "1e400",
    " 1.5",
    "1.5 ",
    "",
    "NA",
    "nan",
    "-inf",
    "0x10",
    "1_000",
    "true",
    "x",
]


def read(path: Path) -> tuple[bytes | None, str]:
    """The numbers to the last bit, or the message without the folder."""
    try:
        with open_table((str(path),), Spec()) as table:
            return np.concatenate([batch.values for batch in table.batches()]).tobytes(), ""
    except GdsolveError as fault:
        return None, fault.message.replace(str(path), "t")


def both_ways(tmp_path: Path, body: str) -> None:
    """Without a line feed at its end a text is not taken from its sample."""
    found = []
    for text in (body + "\n", body):
        path = tmp_path / "t.csv"
        path.write_text(f"a,b,y\n{text}")
        found.append(read(path))
    assert found[0] == found[1]


@pytest.mark.parametrize("cell", ODD)
def test_a_cell_means_the_same(tmp_path: Path, cell: str) -> None:
    both_ways(tmp_path, f"1,2,3\n2,3,4\n{cell},4,5\n4,7,1")


def test_numbers_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    numbers = np.random.default_rng(3)
    cells = numbers.standard_normal((200, 3)) * 10.0 ** numbers.integers(-300, 300, (200, 3))
    both_ways(tmp_path, "\n".join(",".join(map(repr, row)) for row in cells.tolist()))
    text = (tmp_path / "t.csv").read_text()
    (tmp_path / "t.csv").write_text(text + "\n")
    assert read(tmp_path / "t.csv")[0] == np.asarray(cells).tobytes()


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    both_ways(tmp_path, "1,2,3\n\n2,3,4\n4,7,1")


def test_no_thread_is_started_for_a_small_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,3\n2,5\n3,7\n")

    def refuse(thread: threading.Thread) -> None:
        raise AssertionError(thread.name)

    # A thread reads while torch is imported, unless it is there.
    assert torch.__version__
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert gdsolve.fit(tmp_path / "t.csv").weights == pytest.approx({"x": 2.0})
    assert gdsolve.fit([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0]).weights == pytest.approx({"x": 2.0})
