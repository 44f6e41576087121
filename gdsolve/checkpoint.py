"""Checkpoint files: JSON with a checksum, written whole or not at all, and read back without trusting it.

The file begins with `{"schema": "gdsolve.checkpoint/2", "sha256": "…", `; the checksum is that of the bytes after it.
Numbers keep every bit, tensors are base64 of their little-endian bytes; nothing in the file is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gdsolve.advice import Advice
from gdsolve.files import replacing
from gdsolve.json_file import TooLargeError, read_json_text
from gdsolve.status import GdsolveError

SCHEMA = "gdsolve.checkpoint/2"
_HEAD = re.compile(r'\{"schema": "gdsolve\.checkpoint/(\d+)", "sha256": "([0-9a-f]{64})", ')
_LONGEST_HEAD = 200
HINT = Advice(
    "a checkpoint is what `gdsolve fit --checkpoint FILE` writes; to start anew leave --resume out", verbatim=True
)


def write_checkpoint(path: str, content: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        GdsolveError: the file cannot be written; what was there before is untouched.
    """
    body = json.dumps(content, allow_nan=False)[1:]
    digest = hashlib.sha256(body.encode()).hexdigest()
    with replacing(path) as stream:
        stream.write(f'{{"schema": "{SCHEMA}", "sha256": "{digest}", ')
        stream.write(body)


def read_checkpoint(path: str) -> dict[str, Any]:
    """The content of a checkpoint, as it was written.

    Raises:
        GdsolveError: no such file, no checkpoint, one of another version, or a damaged one.
    """
    try:
        text = read_json_text(path)
    except OSError as fault:
        reason = fault.strerror or "cannot be read"
        raise GdsolveError(f"{path}: {reason[0].lower()}{reason[1:]}", HINT, option="resume") from None
    except TooLargeError as fault:
        raise GdsolveError(f"{path}: {fault}", HINT, option="resume") from None
    except ValueError:
        raise GdsolveError(f"{path} is no checkpoint of gdsolve", HINT, option="resume") from None
    head = _HEAD.match(text, 0, _LONGEST_HEAD)
    if head is None:
        raise GdsolveError(f"{path} is no checkpoint of gdsolve", HINT, option="resume")
    if head[1] != SCHEMA.rpartition("/")[2]:
        raise GdsolveError(
            f"{path} is of schema gdsolve.checkpoint/{head[1]}, not {SCHEMA}",
            "resume with the version of gdsolve that wrote it",
            option="resume",
        )
    body = text[head.end() :]
    if hashlib.sha256(body.encode()).hexdigest() != head[2]:
        raise damaged(path)
    try:
        content = json.loads("{" + body)
    except (json.JSONDecodeError, RecursionError):
        raise damaged(path) from None
    return dict(content)


def is_checkpoint(path: str) -> bool:
    """True for a file that begins as a checkpoint does, of whatever version."""
    with Path(path).open("rb") as file:
        return _HEAD.match(file.read(_LONGEST_HEAD).decode(errors="replace")) is not None


def damaged(path: str) -> GdsolveError:
    """The error that tells of a checkpoint that was changed or cut off."""
    return GdsolveError(f"{path} is damaged", "take a copy of it, or start anew without --resume", option="resume")
