"""Warnings of single fits are told once, with the first group that they are about and how many more there are."""

from __future__ import annotations

import logging

import pytest

from gdsolve.groups import one_by_one
from gdsolve.groups.one_by_one import _Heard


def record_of(level: int, text: str) -> logging.LogRecord:
    return logging.LogRecord("gdsolve", level, __file__, 1, text, (), None)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([], []),
        (["a"], ["group a: slow"]),
        (["a", "b"], ["group a (and 1 more group): slow"]),
        (["b", "a", "c"], ["group b (and 2 more groups): slow"]),
        ([str(number) for number in range(1500)], ["group 0 (and 1,499 more groups): slow"]),
    ],
)
def test_a_warning_names_the_first_group_and_counts_the_others(
    groups: list[str], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(one_by_one.logger, "warning", lambda text, *given: said.append(text % given))
    heard = _Heard()
    for heard.group in groups:
        assert not heard.filter(record_of(logging.INFO, "fast"))
        assert not heard.filter(record_of(logging.WARNING, "slow"))
    heard.tell()
    assert said == told


def test_each_warning_has_its_own_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(one_by_one.logger, "warning", lambda text, *given: said.append(text % given))
    heard = _Heard()
    for heard.group, text in (("a", "slow"), ("b", "flat"), ("c", "slow")):
        heard.filter(record_of(logging.ERROR, text))
    heard.tell()
    assert said == ["group a (and 1 more group): slow", "group b: flat"]


def test_what_is_heard_goes_nowhere_else_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    with _Heard() as heard:
        heard.group = "a"
        one_by_one.logger.warning("slow")
        assert caplog.messages == []
    one_by_one.logger.warning("loud")
    assert (caplog.messages, heard.warnings) == (["loud"], {"slow": ("a", 1)})
