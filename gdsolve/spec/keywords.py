"""Hints that name flags, as a caller from Python types them: `--na drop` is `na="drop"` there."""

from __future__ import annotations

import re

from gdsolve.advice import Advice
from gdsolve.quoting import split
from gdsolve.spec.offers import choices
from gdsolve.spec.option import field_of
from gdsolve.spec.values import is_list, kinds

_PROSE = ("out", "alone", "and", "as", "if", "is", "keeps", "leaves", "or", "takes")
# A flag and the word after it, quoted as a shell takes it.
_FLAG = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?:[ =]((?:\$?'[^']*'|\"[^\"]*\")+|[^\s;()]*[^\s;(),.]))?")


def in_keywords(hint: Advice, verb: str) -> Advice:
    """The hint with keyword arguments in place of the flags in its words; its command stays as it is.

    >>> in_keywords(Advice("--na drop, --na mean, or --ignore 'a b',c"), "fit")
    'na="drop", na="mean", or ignore=["a b", "c"]'
    >>> in_keywords(Advice("leave --decimal out, or give --categorical onehot|ignore"), "fit")
    'leave decimal out, or give categorical="onehot" or "ignore"'
    """
    if hint.verbatim:
        return hint
    return Advice(_written(hint.text, verb), hint.command, in_keywords(hint.rest, verb) if hint.rest else None)


def _written(words: str, verb: str) -> str:
    written = _FLAG.sub(lambda found: _keyword(found, verb), words)
    # Flags that stand side by side are arguments.
    return re.sub(r'(="[^"]*"|=\[.*?\]|=True) (?=\w+=)', r"\1, ", written)


def _keyword(found: re.Match[str], verb: str) -> str:
    name, value = field_of(found[1]), found[2]
    if name not in kinds():
        return found[0]
    if kinds()[name] is bool or value is None or not _is_value(name, value, verb):
        asked = found.string[: found.start()].endswith(("with ", "give "))
        value_of = "=True" if kinds()[name] is bool else "=…" if asked else ""
        return name + value_of + found[0][len(f"--{found[1]}") :]
    if is_list(name) and name != "lr":
        items = [item for word in split(value) for item in word.split(",")]
        return f"{name}=[{', '.join(map(_text, items))}]"
    return f"{name}=" + " or ".join(_text(word) for word in " ".join(split(value)).split("|"))


def _is_value(name: str, value: str, verb: str) -> bool:
    """False for a word of the sentence, as in `leave --decimal out`."""
    words = choices(name, verb)
    return value not in _PROSE if words is None else set(value.split("|")) <= set(words)


def _text(word: str) -> str:
    if re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", word):
        return word
    return f'"{word}"' if word.isprintable() and '"' not in word else repr(word)
