"""docs/guide/classes.md shows what gdsolve prints today, and its Python runs: `python tests/test_classes_page.py`."""

from __future__ import annotations

import re

from readme import ROOT, RUN
from test_readme import rounded
from test_validation_page import made

PAGE = ROOT / "docs" / "guide" / "classes.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(RUN.findall(text)) == 2
    assert rounded(made(text)) == rounded(text), "run: python tests/test_classes_page.py"


def test_its_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
