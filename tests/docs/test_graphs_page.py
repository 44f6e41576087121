"""docs/guide/graphs.md shows what gdsolve prints today, and its Python runs."""

from __future__ import annotations

import re
import sys

import pytest
from readme import ROOT, made_anew
from shown import printed, rounded

import gdsolve

PAGE = ROOT / "docs" / "guide" / "graphs.md"


def test_the_page_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = PAGE.read_text(encoding="utf-8")
    assert rounded(made_anew(text, printed)) == rounded(text), "run this file, with PYTHONPATH=tests/support"


def test_its_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(f"{code.replace('gdsolve.trace(z)', 'graph = gdsolve.trace(z)')}", str(PAGE), "exec"), names)
    assert [*names["graph"].nodes] == ["t", "y", "z"]  # type: ignore[attr-defined]
    assert gdsolve.trace("t = 1; y = t**2").root == "y"


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}\n")
    PAGE.write_text(made_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
