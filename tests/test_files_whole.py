"""Files are written whole or not at all, with the rights that they had, whatever the file system can do."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdsolve import files
from gdsolve.files import replacing, replacing_bytes
from gdsolve.status import ExitCode, GdsolveError

OLD, NEW = b"old\n", b"new and longer\n"


@pytest.fixture(params=["unnamed", "named", "no links"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the new file comes to its name: by a link, as a file of that name, or by a copy."""
    if request.param == "named":
        monkeypatch.setattr(files, "_unnamed", lambda folder: None)
    if request.param == "no links":

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EXDEV, "no links here")

        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.usefixtures("way", "umask")
def test_a_file_is_replaced_at_the_end_and_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    with replacing_bytes(str(path)) as stream:
        stream.write(OLD)
        assert not path.exists()
    assert path.read_bytes() == OLD
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    with replacing(str(path)) as text:
        text.write(NEW.decode())
        assert path.read_bytes() == OLD
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (NEW, 0o604)
    assert [one.name for one in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError, OSError(errno.ENOSPC, "No space left on device")])
def test_a_file_is_as_it_was_after_any_fault(fault: BaseException | type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(OLD)
    expected = GdsolveError if isinstance(fault, OSError) else fault
    with pytest.raises(expected) as caught, replacing_bytes(str(path)) as stream:  # type: ignore[arg-type]
        stream.write(NEW)
        raise fault
    assert path.read_bytes() == OLD
    assert [one.name for one in tmp_path.iterdir()] == ["model.json"]
    if isinstance(caught.value, GdsolveError):
        assert (caught.value.message, caught.value.exit_code) == (
            f"cannot write {path}: No space left on device",
            ExitCode.FAULT,
        )


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "model.json", tmp_path / "link.json"
    target.write_bytes(OLD)
    link.symlink_to(target)
    with replacing_bytes(str(link)) as stream:
        stream.write(NEW)
    assert (link.is_symlink(), target.read_bytes()) == (True, NEW)


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    with replacing_bytes(str(path)) as stream:
        stream.write(NEW)
    reader.join(60)
    assert (read, stat.S_ISFIFO(path.stat().st_mode)) == ([NEW], True)


@pytest.mark.parametrize(
    ("name", "reason", "hint"),
    [
        ("folder", "Is a directory", "give the name of a file, not of a folder"),
        ("file/m.json", "Not a directory", "a part of the path is a file, not a folder"),
        ("gone/m.json", "No such file or directory", "make the folder first: mkdir -p {parent}"),
        ("m" * 300, "File name too long", "choose a shorter name"),
    ],
)
def test_why_a_file_cannot_be_written(name: str, reason: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(OLD)
    path = tmp_path / name
    with pytest.raises(GdsolveError) as caught, replacing(str(path)):
        pass
    assert (caught.value.message, caught.value.exit_code) == (f"cannot write {path}: {reason}", ExitCode.USAGE)
    assert str(caught.value.hint) == hint.format(parent=path.parent)


@pytest.mark.parametrize("number", sorted(files._HINTS))
def test_every_fault_of_a_disk_has_its_own_hint(number: int) -> None:
    assert files._hint("m.json", OSError(number, "")) == files._HINTS[number]
    assert files._hint("m.json", OSError("unknown")) == files._hint("m.json", OSError(errno.EIO, ""))
    assert files._hint("m.json", OSError("unknown")) == "choose another file"


def test_without_the_folder_of_descriptors_a_file_has_a_name_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "O_TMPFILE", 0o20200000, raising=False)
    monkeypatch.setattr(os, "open", lambda *_: 77)
    monkeypatch.setattr(files, "_DESCRIPTORS", tmp_path)
    assert files._unnamed(tmp_path) == 77
    monkeypatch.setattr(files, "_DESCRIPTORS", tmp_path / "gone")
    assert files._unnamed(tmp_path) is None
    monkeypatch.setattr(files, "_DESCRIPTORS", tmp_path)
    monkeypatch.delattr(os, "O_TMPFILE")
    assert files._unnamed(tmp_path) is None
