"""`gdsolve tour`: the textbook case by case, each step a real command that is shown, run and explained."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.report.page import page_for
from gdsolve.spec.choices import Exercises
from gdsolve.spec.file import build_spec
from gdsolve.status import ExitCode, GdsolveError
from gdsolve.tour.catalogue import Catalogue, catalogue_of, language_of
from gdsolve.tour.exercises import EXERCISES, Exercise
from gdsolve.tour.lesson import answer_of, command_of, question_of, said_of, thing_of
from gdsolve.tour.script import CASES, PARTS, STEPS, TourStep

Item = TourStep | Exercise


def run(request: Request, _ranks: Ranks) -> int:
    """Walk through the cases asked for; returns the exit code.

    Raises:
        GdsolveError: a case that there is not.
    """
    spec = build_spec((), request.given, request.verb.name)
    words = catalogue_of(language_of(spec.lang, stream=sys.stdout))
    steps = [step for step in STEPS if not spec.case or step in _asked(spec.case)]
    if spec.list:
        _list(steps, words)
        return int(ExitCode.OK)
    items = _with_exercises(steps, spec.exercises)
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        from gdsolve.cli.tour_walk import walk

        walk(items, _with_exercises(STEPS, spec.exercises), words, asks=spec.exercises is Exercises.ASK)
    else:
        _read_out(items, words)
    return int(ExitCode.OK)


def _asked(cases: Sequence[str]) -> list[TourStep]:
    """The steps of the cases named, in any case of letters: a letter alone means a part, B4-small one of two of B4."""
    wanted = []
    for word in (word.strip() for text in cases for word in text.split(",")):
        found = [step for step in STEPS if word.upper() in (step.case, step.part)]
        found = found or [step for step in STEPS if word.upper() == step.config.upper()]
        if not found:
            raise GdsolveError(f"there is no case {word}", f"there are {', '.join(CASES)}", option="case")
        wanted += found
    return wanted


def _with_exercises(steps: Sequence[TourStep], asked: Exercises) -> list[Item]:
    """The steps, and after each part that is whole its exercises."""
    items: list[Item] = []
    for part in PARTS:
        mine = [step for step in steps if step.part == part]
        items += mine
        if asked is not Exercises.NONE and mine and len(mine) == sum(step.part == part for step in STEPS):
            items += [exercise for exercise in EXERCISES if exercise.part == part]
    return items


def _list(steps: Sequence[TourStep], words: Catalogue) -> None:
    for step in steps:
        print(f"{step.case:5}{words.say(f'steps.{step.key}.title')}")


def _read_out(items: Sequence[Item], words: Catalogue) -> None:
    """All of it in one run, with nothing asked: exercises with their answers."""
    from gdsolve.cli.tour_runs import run_kept, run_shown

    for item in items:
        page = page_for(sys.stdout)
        if isinstance(item, Exercise):
            records = [run_kept(command).record for command in item.words]
            page.heading(f"{words.say('screen.exercise', part=item.part)}")
            page.add(question_of(item, words, sys.stdout))
            page.add(answer_of(item, words, item.answer(records), records, sys.stdout))
            page.blank()
            page.write(sys.stdout)
            continue
        page.heading(f"{item.case}  {words.say(f'steps.{item.key}.title')}")
        page.add(thing_of(item, words, sys.stdout))
        page.add(command_of(item.command, sys.stdout))
        page.blank()
        page.write(sys.stdout)
        sys.stdout.flush()
        code, record = run_shown(item.command)
        said = page_for(sys.stdout)
        said.paragraph(words.say("screen.exit", code=code) if code else "", "dim")
        said.blank()
        said.lines += said_of(item, words, record, sys.stdout).lines
        said.blank()
        said.write(sys.stdout)
        sys.stdout.flush()
