"""docs/guide/path.md shows what gdsolve prints today, and its Python runs."""

from __future__ import annotations

import re
import sys

from places import DOCS
from readme import made_anew
from shown import rounded

PAGE = DOCS / "guide" / "path.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert rounded(made_anew(text)) == rounded(text), "run this file, with PYTHONPATH=tests/support"


def test_its_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}\n")
    PAGE.write_text(made_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
