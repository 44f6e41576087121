"""The lesson's own words in several languages: one file each in `words/`, which a translator can edit.

A file is a tree of texts, and a text is known by its path, as `steps.A1.title`. `{…}` in a text stands for a figure of
a run; commands, figures and what PyTorch says are in no file.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdsolve.report.text import encoding_of
from gdsolve.spec.choices import Tongue

FOLDER = Path(__file__).parent / "words"
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""What says the language of a reader, the first that is set (POSIX, Base Definitions, section 8.2)."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language."""

    language: Tongue
    texts: Mapping[str, str]

    def say(self, path: str, **values: object) -> str:
        """The text of a path, with values put in.

        Raises:
            KeyError: there is none.
        """
        text = self.texts[path]
        return text.format(**values) if values else text

    def name(self, path: str, word: str) -> str:
        """What a word of a record is called here, the word itself where it has no name."""
        return self.texts.get(f"{path}.{word}", word)


@functools.cache
def catalogue_of(language: Tongue) -> Catalogue:
    """The words of a language."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = yaml.load((FOLDER / f"{language.value}.yaml").read_text(encoding="utf-8"), Loader=loader)
    return Catalogue(language, dict(_flat(tree)))


def language_of(asked: Tongue, environment: Mapping[str, str] = os.environ, stream: Any = None) -> Tongue:
    """The language that is asked for, else that of the reader's locale, where the stream can show it."""
    if asked is not Tongue.AUTO:
        return asked
    locale = next(filter(None, (environment.get(name) for name in VARIABLES)), "")
    if not locale.lower().startswith(Tongue.ZH.value):
        return Tongue.EN
    try:
        "数".encode(encoding_of(stream) if stream is not None else "utf-8")
    except (UnicodeEncodeError, LookupError):
        return Tongue.EN
    return Tongue.ZH


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        else:
            yield here, str(value)
