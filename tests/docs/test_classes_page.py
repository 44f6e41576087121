"""docs/guide/classes.md shows what gdsolve prints today, and its Python runs."""

from __future__ import annotations

import re

from readme import ROOT, RUN
from shown import made, rounded

PAGE = ROOT / "docs" / "guide" / "classes.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(RUN.findall(text)) == 2
    assert rounded(made(text)) == rounded(text), "run this file, with PYTHONPATH=tests/support"


def test_its_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
