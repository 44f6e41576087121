"""The tour runs real commands, has no figures of its own, and teaches on screens that fit the terminal."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from unittest import mock

import pyte
import pytest
import torch
from in_process import completed
from terminal import Terminal

from gdsolve.cli.main import run
from gdsolve.cli.tour import _with_exercises
from gdsolve.cli.tour_runs import Canvas, run_kept
from gdsolve.cli.tour_walk import walk
from gdsolve.objective.expression import parse
from gdsolve.spec.choices import Exercises, Tongue
from gdsolve.terminal import cells
from gdsolve.tour.catalogue import FOLDER, Catalogue, catalogue_of, language_of
from gdsolve.tour.exercises import EXERCISES, Exercise, is_right, read_answer
from gdsolve.tour.figures import PLACE, look_up, with_figures
from gdsolve.tour.folding import CLOSING, Passage, fold, paged
from gdsolve.tour.script import HALF, ONE, PARTS, SSE, STEPS, TextbookFormula

CASES = list(dict.fromkeys(step.case for step in STEPS))
LANGUAGES = [Tongue.EN, Tongue.ZH]
WHOLE = _with_exercises(STEPS, Exercises.ASK)


def test_every_case_of_the_textbook_is_there() -> None:
    assert [*(f"A{k}" for k in range(1, 18)), *(f"B{k}" for k in range(1, 9)), "C", "D1", "D2", "D3", "E"] == CASES
    assert all(step.bundled.is_spec for step in STEPS)
    assert len({step.key for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.key)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_says_two_sentences_without_figures_of_its_own(step: object, language: Tongue) -> None:
    says = catalogue_of(language).say(f"steps.{step.key}.says")  # type: ignore[attr-defined]
    words = PLACE.sub("", says)
    assert not re.search(r"\d", words)
    ends = r"(?<=[.])\s+|(?<=。)"
    assert len([part for part in re.split(ends, words.strip()) if part]) == 2


# Words ------------------------------------------------------------------------------------------------------------


def test_every_message_is_there_in_every_language_with_the_same_figures() -> None:
    files = {path.stem for path in FOLDER.glob("*.yaml")}
    assert files == {one.value for one in Tongue if one is not Tongue.AUTO}
    english = catalogue_of(Tongue.EN).texts
    for name in files - {"en"}:
        other = catalogue_of(Tongue(name)).texts
        assert set(other) == set(english)
        for path, text in english.items():
            assert sorted(set(PLACE.findall(other[path]))) == sorted(set(PLACE.findall(text))) or path in KINDS, path
            assert other[path] != text or not re.search("[a-z]{3}", text), f"{path} is not translated"


# Chinese names the kinds of nodes itself, with PyTorch's word behind; English has the word alone.
KINDS = ("steps.A5.says",)


def test_every_text_is_of_something_and_everything_has_its_texts() -> None:
    texts = set(catalogue_of(Tongue.EN).texts)
    steps = {f"steps.{step.key}.{part}" for step in STEPS for part in ("title", "says")}
    exercises = {f"exercises.{one.key}.{part}" for one in EXERCISES for part in ("asks", "why")}
    assert {text for text in texts if text.startswith("steps.")} == steps
    assert {text for text in texts if text.startswith("exercises.")} == exercises
    assert {text for text in texts if text.startswith("parts.")} == {f"parts.{part}" for part in PARTS}
    sources = "".join(path.read_text() for path in [*FOLDER.parent.glob("*.py"), *_cli("tour*.py")])
    for path in (text for text in texts if text.startswith("screen.")):
        assert f'"{path}"' in sources or f"'{path}'" in sources, path


def _cli(pattern: str) -> list[Path]:
    return sorted((FOLDER.parent.parent / "cli").glob(pattern))


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], language: str) -> None:
    assert language_of(Tongue.AUTO, environment).value == language
    assert language_of(Tongue.ZH, environment) is Tongue.ZH


def test_a_terminal_that_cannot_show_chinese_is_spoken_to_in_english() -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), "ascii")
    assert language_of(Tongue.AUTO, {"LANG": "zh_CN"}, ascii_only) is Tongue.EN
    assert language_of(Tongue.AUTO, {"LANG": "zh_CN"}, io.TextIOWrapper(io.BytesIO(), "gb18030")) is Tongue.ZH


def test_chinese_is_folded_by_its_width_and_no_line_begins_with_a_closing_mark() -> None:
    text = catalogue_of(Tongue.ZH).say("steps.A1.says")
    for width in (20, 31, 40, 78):
        lines = fold(text, width)
        assert max(map(cells, lines)) <= width
        assert not any(line[0] in CLOSING or line.startswith(" ") for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


# Formulas, figures, pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", [SSE, HALF, ONE], ids=lambda one: one.loss)
def test_the_derivatives_that_are_shown_are_those_of_autograd(formula: TextbookFormula) -> None:
    for place in (0.0, -1.7, 2.3):
        values = {
            name: torch.tensor(place + k, dtype=torch.float64, requires_grad=True) for k, name in enumerate(formula.by)
        }
        parse(formula.loss, list(values)).evaluate(values).backward()
        for name, text in formula.by.items():
            shown = float(parse(text, list(values)).evaluate({key: value.detach() for key, value in values.items()}))
            assert shown == pytest.approx(float(values[name].grad), rel=1e-12, abs=1e-12)  # type: ignore[arg-type]


def test_figures_are_looked_up() -> None:
    record = {"iterations": 100_000, "nodes": [{"name": "t", "grad": 2.0}], "gap": 0.00081018646}
    assert with_figures("{iterations}, {nodes.t.grad}, {nodes.-1.grad}, {gap}", record) == "100,000, 2, 2, 0.00081"
    assert with_figures("{1.iterations}", [{}, record]) == "100,000"
    with pytest.raises(LookupError):
        look_up(record, "nodes.z.grad")


def test_blocks_stay_whole_where_a_page_can_hold_them() -> None:
    blocks = [
        Passage(("a",) * 3),
        Passage(("b",) * 4),
        Passage(("c",) * 6, alone=True),
        Passage(("d",) * 9),
        Passage(("e",)),
    ]
    pages = paged(blocks, 7)
    assert [("".join(page)) for page in pages] == ["aaa", "bbbb", "cccccc", "ddddddd", "dde"]
    assert pages[-1] == ["d", "d", "", "e"]


# Off a terminal ---------------------------------------------------------------------------------------------------


def test_the_whole_tour_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if re.match(r"[A-E]\d*  \S", line)] == [
        step.case for step in STEPS
    ]
    asked = sum(len(one.commands) for one in EXERCISES)
    assert out.count("$ gdsolve ") == len(STEPS) + asked
    assert "\x1b" not in out and not re.search(r"\{[\w.-]+\}", out)
    # No path of the installation, neither in a command nor in what it prints.
    assert "configs/" not in out and ".yaml" not in out
    # Figures of configs/textbook, which come from the runs.
    for told in (
        "leads to (0.28, 0.12) and an SSE of 11.8016.",
        "the one of minimum norm, (0.202, 0.606)",
        "After 1000 updates the weights are (1.0371897, 0.91021609)",
        "from update 3935 on.",
        "at k = 51517,",
        "t.grad = 2, then 4.",
        "the rank is 2 of 3",
        "SSE = (2 − a − b)² + (4 − 3·a − b)²",
        "(x, y) = (1, 2), (3, 4)",
        "Answer: 0.56 ",
        "Answer: it converges, and jumps over the minimum at every step",
    ):
        assert told in " ".join(out.split())


def test_one_case_in_any_spelling_and_language() -> None:
    done = completed("tour", "--case", "b4", LC_ALL="zh_CN.UTF-8")
    assert done.code == 0
    assert done.out.count("$ gdsolve fit B4") == 2
    assert "B4  走一千步" in done.out and "[退出码 3]" in done.out and "NOT CONVERGED" in done.out
    # Exercises follow a whole part.
    assert "练习" not in done.out


def test_exercises_follow_a_part_with_their_answers_or_not_at_all() -> None:
    told = completed("tour", "--case", "E", "--lang", "en").out
    assert told.count("Exercise E") == 2 and "Answer: 0.25" in told
    assert told.index("E  The matrix form") < told.index("Exercise E")
    assert "Exercise" not in completed("tour", "--case", "E", "--lang", "en", "--exercises", "none").out


def test_one_step_of_a_case_by_the_name_of_its_spec() -> None:
    listed = completed("tour", "--list", "--case", "b4-small,D2", "--lang", "en").out
    assert listed.splitlines() == ["B4   Until the updates are small", "D2   More columns than rows"]


def test_the_list_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "--list", "--case", "B,d2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["B1", "B2", "B3", "B4", "B4", "B5", "B6", "B7", "B8", "D2"]


def test_a_case_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "--case", "F1"]) == 2
    assert "case: there is no case F1" in capsys.readouterr().err


# Exercises --------------------------------------------------------------------------------------------------------

EXPECTED = {
    "A-leaf": "x",
    "A-chain": 12.0,
    "A-accumulate": 6.0,
    "A-no-grad": "refused",
    "B-step": 0.56,
    "B-rate": "diverged",
    # The update falls below 1e-6 at half the number and a little: 3935 at α = 0.01.
    "B-count": 2130,
    "C-rate": "jumps",
    "C-best": 1 / 28,
    "D-rank": 2,
    "D-ridge": "grows",
    "E-scale": 0.25,
    "E-stop": "max_iter",
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.key)
def test_the_answer_of_a_run_is_that_of_the_textbook(exercise: Exercise) -> None:
    with mock.patch.object(sys, "stdout", Canvas(sys.__stdout__)):
        records = [run_kept(words).record for words in exercise.words]
    answer = exercise.answer(records)
    expected = EXPECTED[exercise.key]
    assert answer == expected if exercise.choices else answer == pytest.approx(expected, rel=0.02)
    assert not exercise.choices or answer in exercise.choices
    for language in LANGUAGES:
        assert with_figures(catalogue_of(language).say(f"exercises.{exercise.key}.why"), records)


def test_every_part_has_exercises_of_several_kinds() -> None:
    assert {one.part for one in EXERCISES} == set(PARTS)
    assert any(one.choices for one in EXERCISES) and any(not one.choices for one in EXERCISES)


@pytest.mark.parametrize(
    ("key", "typed", "given", "right"),
    [
        ("C-best", "1/28", 1 / 28, True),
        ("C-best", "0.0357", 0.0357, True),
        ("C-best", "0.04", 0.04, False),
        ("B-count", "2,000", 2000.0, True),
        ("B-count", "3935", 3935.0, False),
        ("A-leaf", "1", "x", True),
        ("A-leaf", "X", "x", True),
        ("A-leaf", "3", "z", False),
        ("A-leaf", "4", None, False),
        ("A-chain", "twelve", None, False),
        ("A-chain", "1/0", None, False),
        ("E-stop", "达到最大更新次数", "max_iter", True),
    ],
)
def test_answers_are_read_and_checked(key: str, typed: str, given: object, right: bool) -> None:
    exercise = next(one for one in EXERCISES if one.key == key)
    names = [catalogue_of(Tongue.ZH).name("choices", choice) for choice in exercise.choices]
    found = read_answer(exercise, typed, names)
    assert found == given
    assert found is None or is_right(exercise, found, EXPECTED[key]) is right


# On a terminal ----------------------------------------------------------------------------------------------------


def screens(
    columns: int, rows: int, keys: list[str], items: list[object], words: Catalogue, *, asks: bool = True
) -> list[pyte.Screen]:
    """What the reader sees at each prompt, in an emulated terminal of this size."""
    size = {"COLUMNS": str(columns), "LINES": str(rows), "TERM": "xterm-256color", "NO_COLOR": "1"}
    screen = Canvas(sys.__stdout__)
    typed = io.StringIO("".join(f"{key}\n" for key in keys))
    with (
        mock.patch.dict(os.environ, size),
        mock.patch.object(sys, "stdout", screen),
        mock.patch.object(sys, "stdin", typed),
    ):
        walk(items, WHOLE, words, asks=asks)  # type: ignore[arg-type]
    screen.seek(0)
    shown = []
    for text in screen.read().split("\n" * rows + "\x1b[H")[1:]:
        terminal = pyte.Screen(columns, rows)
        pyte.Stream(terminal).feed(text.replace("\n", "\r\n"))
        shown.append(terminal)
    return shown


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (60, 20), (200, 50)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_of_every_step_fits(columns: int, rows: int, language: Tongue) -> None:
    words = catalogue_of(language)
    # Chinese differs in words alone: one step of each kind shows them.
    items = WHOLE if (columns, language) == (80, Tongue.EN) else [WHOLE[place] for place in (0, 9, 13, 15, 18, 27, 32)]
    shown = screens(columns, rows, [""] * 400, [*items], words)
    seen = []
    for screen in shown:
        lines = [line.rstrip() for line in screen.display]
        # The title would have gone off the top of the screen, and a wide line would have broken in two.
        title = next((t for t in titles(words) if lines[0].startswith(t)), None)
        assert title is not None and lines[1] == "", lines
        assert lines[screen.cursor.y].endswith(" >")
        seen.append(title)
        body = lines[2 : screen.cursor.y]
        drawn = [line for line in body if re.search(r"[┤│└]", line)]
        if len(drawn) > 3:
            # A picture is whole: its axis is there, and a legend or a name under it.
            assert any("└" in line and ("┬" in line or "─" in line) for line in drawn), lines
    expected = [
        words.say("screen.exercise", part=one.part)
        if isinstance(one, Exercise)
        else f"{one.case}  {words.say(f'steps.{one.key}.title')}"  # type: ignore[attr-defined]
        for one in items
    ]
    assert list(dict.fromkeys(seen)) == list(dict.fromkeys(expected))


def titles(words: Catalogue) -> list[str]:
    steps = [f"{step.case}  {words.say(f'steps.{step.key}.title')}" for step in STEPS]
    return [*steps, *(words.say("screen.exercise", part=part) for part in PARTS)]


def test_a_step_shows_the_thing_then_the_command_then_what_it_prints_then_the_picture() -> None:
    steps = [step for step in STEPS if step.key == "B2"]
    shown = screens(80, 24, [""] * 9, [*steps], catalogue_of(Tongue.EN))
    text = "\n".join(line.rstrip() for screen in shown for line in screen.display)
    order = [
        "(x, y) = (1, 2), (3, 4)",
        "∂SSE/∂a = 20·a",
        "  data: two_points",
        "$ gdsolve fit B2 --show gradient --plot",
    ]
    order += ["SSE 11.8016", "One update at α = 0.01 against the gradient leads to", "The path of descent", "─▶ path"]
    places = [text.find(part) for part in order[:-1]]
    assert places == sorted(places) and -1 not in places


def test_the_reader_goes_where_they_want() -> None:
    words, steps = catalogue_of(Tongue.EN), [step for step in STEPS if step.case in ("A1", "A2")]
    keys = ["", "a2", "b", "b", "zz", "C", "b2", "q"]
    shown = screens(80, 24, keys, [*steps], words)
    heads = [screen.display[0].split("  ")[0] for screen in shown]
    # A1, its second page, A2, back to A1, which is the beginning; nowhere; elsewhere, though it was not asked for.
    assert heads == ["A1", "A1", "A2", "A1", "A1", "A1", "C", "B2"]
    assert shown[5].display[1].startswith("There is no case zz; there are A1 … E.")
    assert [screen.display[0].rstrip()[-6:] for screen in shown[:2]] == ["1 of 2", "2 of 2"]


def test_an_exercise_is_checked_at_once_with_the_reason() -> None:
    words = catalogue_of(Tongue.EN)
    exercises = [one for one in EXERCISES if one.key in ("C-rate", "C-best")]
    shown = screens(80, 24, ["four", "4", "", "1/28", ""], [*exercises], words)
    text = ["\n".join(line.rstrip() for line in screen.display) for screen in shown]
    assert "four is no answer here: one of 1, 2, 3, 4." in text[1]
    assert "No: it diverges is not it.\nAnswer: it converges, and jumps over the minimum" in text[2]
    assert "The iterates are 2.8, 1.68, 2.128, …" in text[2]
    assert "$ gdsolve compare-lr C --lr 0.05" in text[2]
    assert "Right.\nAnswer: 0.0357143" in text[4]
    assert "You answered 1 of 2 exercises right." in text[-1].replace("\n", "")


def test_answers_are_shown_where_they_are_not_asked_for() -> None:
    exercises = [one for one in EXERCISES if one.key == "A-leaf"]
    (screen,) = screens(80, 24, [""], [*exercises], catalogue_of(Tongue.EN), asks=False)
    assert any(line.startswith("Answer: x") for line in screen.display)
    assert screen.display[screen.cursor.y].startswith("Enter: end")


def test_a_real_terminal_is_asked_and_left() -> None:
    terminal = Terminal(80, 24)
    process = terminal.start("tour", "--case", "B1,B2", "--lang", "zh", COLUMNS="80")
    terminal.wait_for(lambda: "回车：继续" in terminal.text())
    assert terminal.text().startswith("B1  两个点和一条直线：起点")
    terminal.press(b"b2\n")
    terminal.wait_for(lambda: terminal.text().startswith("B2  走一步") and ">" in terminal.text())
    # The end of input leaves.
    terminal.press(b"\x04")
    assert terminal.close(process) == 0


def test_ctrl_c_leaves() -> None:
    terminal = Terminal(80, 24)
    process = terminal.start("tour", "--case", "A1", "--lang", "en")
    terminal.wait_for(lambda: "q: leave" in terminal.text())
    terminal.press(b"\x03")
    assert terminal.close(process) == 130
    assert "Traceback" not in terminal.text()
