"""The file of a scan: whole or refused in one line, and written whole or not at all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gdsolve
from gdsolve.data import scan_file
from gdsolve.data.scan_file import read_scan_file, write_scan_file

TABLE = "x,z,y\n1,2,3.5\n3,1,2\n4,4,4.25\n5,2,1\n"


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    gdsolve.scan("t.csv", save="t.tri")
    return Path("t.tri")


def told(path: str | Path) -> tuple[int, str, str]:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        gdsolve.fit(path)
    assert "\n" not in caught.value.message
    return int(caught.value.exit_code), caught.value.message, str(caught.value.hint)


def rewritten(path: Path, change: Callable[[dict[str, np.ndarray]], None], *, sealed: bool = False) -> Path:
    """The file with changed arrays; `sealed` with the checksum of what it then holds."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    change(arrays)
    if sealed:
        arrays["checksum"] = np.frombuffer(scan_file._checksum(arrays), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


def about(path: Path, **changes: object) -> Callable[[dict[str, np.ndarray]], None]:
    def change(arrays: dict[str, np.ndarray]) -> None:
        told = {**json.loads(arrays["about"].tobytes()), **changes}
        arrays["about"] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)

    return change


def test_it_holds_no_row_and_no_pickle(scan: Path) -> None:
    with np.load(scan, allow_pickle=False) as archive:
        assert sorted(archive.files) == ["about", "checksum", "factor_0", "shift_0"]
        factor, shift = archive["factor_0"], archive["shift_0"]
        text = json.loads(archive["about"].tobytes())
    rows = np.array([[float(cell) for cell in line.split(",")] for line in TABLE.splitlines()[1:]])
    moved = np.column_stack([np.ones(4), rows - shift])
    assert factor.T @ factor == pytest.approx(moved.T @ moved, rel=1e-13, abs=1e-13)
    assert (text["format"], text["schema"], text["names"], text["counts"]) == (
        "gdsolve.scan",
        1,
        ["x", "z", "y"],
        [[4, 4.0]],
    )


def test_the_same_scan_is_the_same_file_and_is_read_as_it_was_written(scan: Path, tmp_path: Path) -> None:
    before = scan.read_bytes()
    gdsolve.scan("t.csv", save="again.tri")
    assert Path("again.tri").read_bytes() == before
    stored = read_scan_file(str(scan))
    assert write_scan_file("copy.tri", stored) == len(before)
    copy = read_scan_file("copy.tri")
    assert copy.info == stored.info
    assert np.array_equal(copy.triangles[0].factor, stored.triangles[0].factor)


def test_a_file_that_is_cut_off_anywhere_is_refused(scan: Path) -> None:
    whole = scan.read_bytes()
    for length in (*range(4, len(whole), max(1, len(whole) // 40)), len(whole) - 1):
        Path("cut.tri").write_bytes(whole[:length])
        code, message, hint = told("cut.tri")
        assert (code, message) == (5, "cut.tri: is damaged or cut off"), length
        assert hint == "copy the file anew, or scan the table anew: gdsolve scan TABLE -o FILE.tri"


def test_a_byte_that_has_changed_is_found(scan: Path) -> None:
    """Whichever it is of what is stored: the CRC of the archive tells, or the checksum where that was made to fit."""
    whole = bytearray(scan.read_bytes())
    place = whole.index(json.dumps("x").encode())
    whole[place + 1] = ord("q")
    Path("bad.tri").write_bytes(whole)
    assert told("bad.tri")[:2] == (5, "bad.tri: is damaged or cut off")

    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays["factor_0"] = np.nextafter(arrays["factor_0"], np.inf)

    message = "t.tri: is damaged: what it holds does not fit its checksum"
    assert told(rewritten(scan, change))[:2] == (5, message)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("shift_0"),
        lambda arrays: arrays.update(factor_0=arrays["factor_0"][:, :2]),
        lambda arrays: arrays.update(about=np.frombuffer(b'{"format": "gdsolve.scan"}', dtype=np.uint8)),
    ],
)
def test_what_lacks_a_part_is_damaged_even_with_a_checksum_that_fits(
    scan: Path, change: Callable[[dict[str, np.ndarray]], None]
) -> None:
    code, message, _ = told(rewritten(scan, change, sealed=True))
    assert (code, message) == (5, "t.tri: is damaged: what it holds does not fit its checksum")


def test_a_newer_schema_is_told_with_both_versions(scan: Path) -> None:
    rewritten(scan, about(scan, schema=2, version="9.9"), sealed=True)
    code, message, hint = told(scan)
    assert code == 5
    assert message == (
        f"t.tri: is of schema 2, by gdsolve 9.9; this is gdsolve {gdsolve.__version__}, which reads schema 1"
    )
    assert hint == "pip install --upgrade gdsolve, or scan the table anew"


def archive_of(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def pickled() -> bytes:
    file = io.BytesIO()
    np.savez(file, about=np.array([{"a": print}], dtype=object))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (TABLE.encode(), "is no scan, whatever its name says"),
        (b"", "is no scan, whatever its name says"),
        (b"PK", "is no scan, whatever its name says"),
        (saved(a=np.ones(3)), "is another archive, and no scan"),
        (saved(about=np.frombuffer(b'{"format": "other"}', dtype=np.uint8)), "is another archive, and no scan"),
        (saved(about=np.frombuffer(b"[1]", dtype=np.uint8)), "is another archive, and no scan"),
        (archive_of(word=b"<xml/>"), "is another archive, and no scan"),
        (saved(about=np.frombuffer(b"no json", dtype=np.uint8)), "is damaged or cut off"),
        (pickled(), "is damaged or cut off"),
    ],
)
def test_what_is_no_scan_is_refused(content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.tri").write_bytes(content)
    assert told("f.tri")[:2] == (5, f"f.tri: {said}")


def test_a_file_that_is_not_there_or_a_folder(scan: Path) -> None:
    assert told("tt.tri") == (5, "tt.tri: no such file", "did you mean t.tri?")
    Path("d.tri").mkdir()
    assert told("d.tri")[:2] == (5, "d.tri: cannot be read (Is a directory)")


def test_what_fails_leaves_the_file_as_it_was(scan: Path) -> None:
    before = scan.read_bytes()
    Path("odd.csv").write_text("x,z,y\n1,2,odd\n3,4,5\n")
    with pytest.raises(gdsolve.DataError):
        gdsolve.scan("odd.csv", save="t.tri")
    with pytest.raises(gdsolve.DataError):
        gdsolve.scan(["t.tri", "odd.csv"], save="t.tri")
    assert scan.read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["odd.csv", "t.csv", "t.tri"]


def merging(first: str, second: str, **options: object) -> str:
    """What is said where the scans of two tables are merged."""
    for name, text in (("a", first), ("b", second)):
        Path(f"{name}.csv").write_text(text)
        gdsolve.scan(f"{name}.csv", save=f"{name}.tri", categorical="onehot", **(options if name == "b" else {}))
    with pytest.raises(gdsolve.DataError) as caught:
        gdsolve.fit(["a.tri", "b.tri"])
    assert caught.value.exit_code == 5
    return caught.value.message


def test_what_differs_between_scans_is_named_on_both_sides(scan: Path) -> None:
    assert merging("x,z,y\n1,2,3\n4,5,7\n", "x,q,r,y\n1,2,3,4\n4,5,6,8\n") == (
        "b.tri has other columns than a.tri: without 'z', with 'q', 'r'"
    )
    coloured = "c,x,y\nred,1,2\nblue,2,3\n"
    assert merging(coloured, "c,x,y\nred,1,2\ngreen,2,3\n") == (
        "column 'c' has other levels in b.tri than in a.tri: without 'blue', with 'green'"
    )
    assert merging(coloured, "c,x,y\n1,1,2\n2,2,3\n") == "column 'c' is text in a.tri, and numbers in b.tri"
    assert merging(coloured, coloured, weight="x", weight_kind="frequency") == (
        "b.tri has other columns than a.tri: without 'x'"
    )
    plain = "x,z,w,y\n1,2,1,3\n3,1,2,5\n"
    Path("w.csv").write_text(plain)
    gdsolve.scan("w.csv", save="v.tri", weight="w")
    gdsolve.scan("w.csv", save="w.tri", weight="w", weight_kind="frequency")
    gdsolve.scan("w.csv", save="s.tri", sigma="w")
    for one, other in (("frequency", "w"), ("sigma", "s")):
        with pytest.raises(gdsolve.DataError) as caught:
            gdsolve.scan(["v.tri", f"{other}.tri"])
        flags = "--sigma w" if one == "sigma" else "--weight w --weight-kind frequency"
        assert caught.value.message == (
            f"{other}.tri is scanned with {flags}, and v.tri with --weight w --weight-kind precision"
        )
