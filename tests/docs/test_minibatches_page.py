"""docs/guide/minibatches.md shows what gdsolve prints today, and its Python runs."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import chdir, redirect_stderr, redirect_stdout

from readme import ROOT, RUN
from shown import rounded

from gdsolve.cli.main import run

PAGE = ROOT / "docs" / "guide" / "minibatches.md"


def printed(command: str) -> str:
    """What a command prints, in this process, which has torch already."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with chdir(ROOT), redirect_stdout(out), redirect_stderr(io.StringIO()):
        code = run(shlex.split(command)[1:])
    assert code in (0, 3)
    out.flush()
    return f"$ {command}\n{out.buffer.getvalue().decode()}" + (f"[exit code {code}]\n" if code else "")


def made(text: str) -> str:
    return RUN.sub(lambda found: f"<!-- run: {found[1]} -->\n```text\n{printed(found[1])}```\n", text)


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(RUN.findall(text)) == 3
    assert rounded(made(text)) == rounded(text), "run this file, with PYTHONPATH=tests/support"


def test_its_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
