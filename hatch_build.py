"""What a wheel has beside the package: the manual pages, made of this very gdsolve while it is built."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface):
    """Writes the manual pages to a temporary folder, from which they go to share/man/man1."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write them; the tables that they are made of import nothing but Python's own modules."""
        before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        sys.path.insert(0, self.root)
        try:
            from gdsolve.cli.manual import manual_pages
        finally:
            sys.path.remove(self.root)
            sys.dont_write_bytecode = before
        self.folder = Path(tempfile.mkdtemp())
        for name, text in manual_pages().items():
            page = self.folder / name
            page.write_text(text, encoding="ascii")
            build_data["shared_data"][str(page)] = f"share/man/man1/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder)
