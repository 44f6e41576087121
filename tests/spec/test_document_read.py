"""Why a spec cannot be read: where it is, how large, and what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdsolve.bundled import BUNDLED
from gdsolve.spec import document
from gdsolve.spec.document import _read
from gdsolve.status import GdsolveError


def refusal(path: Path) -> tuple[str, str, int | None]:
    with pytest.raises(GdsolveError) as caught:
        _read(str(path))
    place = caught.value.place
    assert place is not None
    return caught.value.message.removeprefix(f"{path}: "), str(caught.value.hint), place.line


def test_a_file_that_is_not_there_may_be_one_that_comes_with_gdsolve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of nearly such a name is a folder all the same."""
    monkeypatch.chdir(tmp_path)
    name = next(one.name for one in BUNDLED if len(one.name) > 6)
    typed = Path(f"{name[:-1]}.yaml")
    assert refusal(typed) == ("no such file or directory", f"did you mean {name}?", None)
    assert refusal(tmp_path / typed) == ("no such file or directory", "check the path of the spec", None)
    typed.mkdir()
    assert refusal(typed) == ("is a directory", "check the path of the spec", None)


def test_a_spec_has_a_largest_size_and_is_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "problem.yaml"
    path.write_bytes(b"data: t.csv\ntarget: \xe9t\xe9\n")
    message, hint, line = refusal(path)
    assert "byte 0xe9 is not UTF-8" in message
    assert (hint, line) == ("save the spec as UTF-8", 2)
    monkeypatch.setattr(document, "LARGEST_FILE", 12)
    path.write_bytes(b"data: t.csv\n")
    assert _read(str(path)) == "data: t.csv\n"
    path.write_bytes(b"data: t.csv\n\n")
    message, hint, line = refusal(path)
    assert "larger than 64 MiB" in message
    assert hint == "put the numbers into a CSV file and name it under data:"
