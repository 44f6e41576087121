"""Long lists of numbers in a spec are read at once, and as YAML reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdsolve.spec import long_lists
from gdsolve.spec.file import read_spec
from gdsolve.spec.long_lists import LongList, without_long_lists
from gdsolve.spec.spec import Spec
from gdsolve.status import GdsolveError

ROWS = [[1.5, -2.0], [3e-4, 4.0], [5.0, 0.25]]


def read(folder: Path, text: str) -> Spec:
    spec = folder / "spec.yaml"
    spec.write_text(text)
    return read_spec([str(spec)], {}, "fit")[0]


@pytest.mark.parametrize(
    "written",
    [
        "X: [[1.5, -2], [3e-4, 4], [5, 0.25]]\ny: [1, 2, 3]\nlr: 0.5\n",
        "engine: rows\ny: [1,\n 2,\n 3]\nX: [[1.5, -2],\n  [3e-4, 4],\n  [5, 0.25]]",
        "X:\n  - [1.5, -2]\n  - [3e-4, 4]\n  - [5, 0.25]\ny:\n- 1\n- 2\n- 3\nengine: rows\n",
        "X: [[+1.5, -2.], [3e-4, 4], [05, .25]]\ny: [1, 2, 3]\n",
        "X: [[1.5, -2], [3e-4, 4], [5, 0.25],]\ny: # of the rows\n  [1, 2, 3]\n",
        "y: ['1', 2, 3]\nX: [[1.5, -2], [3e-4, 4], [10/2, 0.25]]\n",
    ],
)
def test_a_long_list_is_what_yaml_makes_of_it(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read(tmp_path, written)
    monkeypatch.setattr(long_lists, "LONG", 1)
    found = read(tmp_path, written)
    assert found == plain
    assert tuple(map(tuple, ROWS)) == found.X
    assert found.y == (1.0, 2.0, 3.0)


def test_only_plain_numbers_are_taken_out_and_lines_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_lists, "LONG", 1)
    lifted = without_long_lists("lr: 1\nX: [1,\n 2]\ny: [1, true]\nengine: rows\n", ("X", "y"))
    assert lifted.marks == {"list-0-of-numbers": LongList(2, [1.0, 2.0])}
    assert lifted.text == "lr: 1\nX: list-0-of-numbers\n\ny: [1, true]\nengine: rows\n"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("X: [1, 2]\ny: [1, two]\n", "line 2: y: 'two' is not a finite number"),
        ("X: [[1], [2, 3]]\ny: [1, 2]\n", "line 1: X: row 2 has 2 numbers, row 1 has 1"),
        ("X: [1, 1e999]\ny: [1, 2]\n", "line 1: X: '1e999' is not a finite number"),
        ("X: [1, 2]\n\n\ny: [1, 2]\nspeed: 1\n", "line 5: unknown key 'speed'"),
        ("X: [1, 2]\ny: [1, 2]\nX: [1, 2]\n", "line 3: X: given before, on line 1"),
        ("X: " + 400 * "[" + "\ny: [1, 2]\n", "line 1: nested deeper than a matrix"),
        ("X: []\ny: [1]\n", "line 1: X: a list of numbers is expected"),
    ],
)
def test_faults_are_told_as_without(written: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_lists, "LONG", 1)
    with pytest.raises(GdsolveError) as fault:
        read(tmp_path, written)
    assert told in fault.value.message


def test_a_text_in_quotes_is_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_lists, "LONG", 1)
    found = read(tmp_path, 'target: "one\nX: [1, 2]\nmore"\nX: [1, 2]\ny: [3, 4]\n')
    assert found.target == "one X: [1, 2] more"
    assert found.X == ((1.0,), (2.0,))
