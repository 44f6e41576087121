"""Where the checkout has its folders."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
DOCS = ROOT / "docs"
GUIDE = DOCS / "guide"
