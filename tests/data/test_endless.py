"""Input without end: refused within a record, within the disk, within the memory."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from gdsolve import json_file
from gdsolve.cli.main import run
from gdsolve.data import endless, spool
from gdsolve.data.files import open_named
from gdsolve.room import Room
from gdsolve.status import DataError

KIB = 1 << 10
LONGEST = 64 * KIB
LINE = "a row is one line"
QUOTE = 'within quotes write "" for a quote; without, quote the whole cell'


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are of 64 KiB at most, and whoever reads them takes them in small pieces."""
    monkeypatch.setattr(endless, "LONGEST", LONGEST)
    monkeypatch.setattr(spool, "_BLOCK", KIB)


def copied(head: bytes, body: bytes, most: int = 4096) -> int:
    """How many pieces of an input without end are copied before it is refused; `most` where none is."""
    taken = 0

    def read(_: int) -> bytes:
        nonlocal taken
        taken += 1
        return b"" if taken > most else head if taken == 1 else body

    with ExitStack() as stack:
        spool.spool(
            "standard input",
            read,
            stack,
            title="receiving",
            source=None,
            look=lambda path: endless.RecordWatch("standard input", path, lambda _: None).take,
        )
    return taken


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("head", "body", "line", "what", "hint"),
    [
        (b"a", b"a" * KIB, 1, "the line does not end", LINE),
        (b"a,b", b",c" * 512, 1, "the line does not end", LINE),
        (b"x,y\n1,2\n3,", b"7" * KIB, 3, "the line does not end", LINE),
        (b'x,y\n1,2\n3,"', b"a" * KIB, 3, "the line does not end", LINE),
        (b'x,y\n1,2\n3,"', b"a\n" * 512, 3, "a quote is opened and never closed", QUOTE),
        (b'{"x": 1}\n{"x": "', b"a" * KIB, 2, "the line does not end", LINE),
        (b'[{"x":1},', b'{"x":1},' * 128, 1, "the line does not end", LINE),
        (b"1 1:2\n0 1:", b"7" * KIB, 2, "the line does not end", LINE),
        (b"# c", b"c" * KIB, 1, "the line does not end", LINE),
    ],
)
def test_a_record_without_end_is_refused(head: bytes, body: bytes, line: int, what: str, hint: str) -> None:
    with pytest.raises(DataError) as fault:
        copied(head, body)
    assert fault.value.message == f"standard input: line {line}: {what} within 0 MiB"
    assert (fault.value.hint, fault.value.exit_code) == (hint, 5)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"x,y\n", b"1,2\n" * 256),
        (b"x,y\r", b"1,2\r" * 256),
        (b"\n", b"\n" * KIB),
        # A quote within a cell is a letter.
        (b'x,y\n5" pipe,2\n', b"1,2\n" * 256),
        (b'x,y\n"a\nb",2\n', b'"a\nb",2\n' * 100),
        # What is packed, or no text, has no lines.
        (b"\x1f\x8b" + bytes(80), b"a" * KIB),
        (b"PAR1" + bytes(80), b"a" * KIB),
    ],
)
def test_records_that_end_are_copied_however_many(head: bytes, body: bytes) -> None:
    assert copied(head, body, most=300) == 301


def test_what_is_no_text_is_refused_from_its_first_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def zeros(_: int) -> bytes:
        nonlocal read
        read += 1
        return bytes(4096)

    class Stream:
        read1 = staticmethod(zeros)

        def isatty(self) -> bool:
            return False

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr("gdsolve.data.files._standard_input", Stream)
    with ExitStack() as stack, pytest.raises(DataError, match="standard input: is not text, nor Parquet"):
        open_named(["-"], None, stack)
    assert read == 1


def test_a_copy_leaves_some_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    left = itertools.count(10 * spool._LEFT, -spool._LEFT)
    monkeypatch.setattr(spool, "_STRETCH", KIB)
    monkeypatch.setattr(spool.shutil, "disk_usage", lambda _: usage(0, 0, next(left)))
    with pytest.raises(DataError) as fault:
        copied(b"x,y\n", b"1,2\n" * 256)
    assert fault.value.message.endswith(", which is all but full after 10.2 kB of it")
    assert fault.value.hint is not None
    assert fault.value.hint.startswith("choose another folder with TMPDIR=FOLDER")


def room_of(left: int) -> Callable[[], Room]:
    return lambda: Room(left, None)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["predict", "{}", "t.csv"], 5),
        (["score", "{}", "t.csv"], 5),
        (["fit", "t.csv", "--init", "{}"], 5),
        (["certify", "t.csv", "--weights", "{}"], 5),
        (["fit", "t.csv", "--lr", "0.1", "--checkpoint", "c.ckpt", "--resume", "{}"], 2),
    ],
)
def test_json_larger_than_the_memory_is_not_read(
    command: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    Path("large.json").write_text('{"a": "' + "a" * 10_000 + '"}')
    monkeypatch.setattr("gdsolve.json_file.host_room", room_of(64_000))
    assert run([word.format("large.json") for word in command]) == code
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert told[0].endswith("large.json: is larger than 8 kB, the most that is read here")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no device of zeros")  # noqa: PTH110
def test_a_device_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a null character"):
        json_file.parsed_file("/dev/zero")


@pytest.mark.slow
@pytest.mark.parametrize("head", [b"", b'x,y\n1,2\n3,"'])
def test_standard_input_that_is_one_endless_line_ends(head: bytes, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gdsolve", "fit", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        assert process.stdin is not None
        written = process.stdin.write(head)
        try:
            # Twice what a record may have, and then some: whoever reads has to hang up.
            while written < 1 << 28:
                written += process.stdin.write(b"a" * (1 << 20))
        except BrokenPipeError:
            pass
        _, told = process.communicate(timeout=600) if process.stdin.closed else (b"", process.stderr.read())  # type: ignore[union-attr]
    assert process.returncode == 5
    assert written < 1 << 28
    line = head.count(b"\n") + 1
    assert told.decode().splitlines() == [
        f"gdsolve: error: standard input: line {line}: the line does not end within 64 MiB",
        "hint: a row is one line",
    ]
