"""The command line in this process: what it prints on both streams, without the seconds that a start takes."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

from nursery import Done

from gdsolve.cli.main import run


def completed(*arguments: str, **environment: str) -> Done:
    """Run `gdsolve` with these arguments, and these variables of the environment beside those that are there."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with mock.patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    texts = [(stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err)]  # type: ignore[attr-defined]
    return Done(code, *texts)
