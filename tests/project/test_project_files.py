"""The files of a project that others join say what is true: hooks, sessions, the image, the citation, the forms."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from places import ROOT

from gdsolve.version import __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
TEXTS = (".py", ".md", ".toml", ".yml", ".yaml", ".cff")
FOLDERS = ("gdsolve", "tests", "benchmarks", "docs", "configs", ".github")

Command = tuple[str, ...]


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def command_of_tests() -> Command:
    """The command of the README by which `.ci/run` runs the tests, without making its environment."""
    found = re.search(r"<!-- test command -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert found is not None
    return tuple(word.removeprefix(".venv/bin/") for word in shlex.split(found[1].split("&&")[-1]))


def linters() -> list[Command]:
    """What `.ci/run` runs after the tests."""
    found = re.findall(r'^"\$venv/bin/(\w+)" (.+)$', CI, re.MULTILINE)
    return [(tool, *shlex.split(words)) for tool, words in found]


class Session:
    """What a session of nox is asked to do, written down in place of being done."""

    def __init__(self) -> None:
        self.posargs = ["--list"]
        self.ran: list[Command] = []
        self.installed: list[Command] = []

    def run(self, *words: str) -> None:
        self.ran.append(words)

    def install(self, *words: str) -> None:
        self.installed.append(words)


@pytest.fixture
def noxfile(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The sessions as functions, with what stands for nox, which need not be installed."""
    nox = ModuleType("nox")

    def session(function: Callable[..., None] | None = None, **_: Any) -> Any:
        return function or (lambda decorated: decorated)

    nox.__dict__.update(session=session, options=ModuleType("options"), Session=Session)
    monkeypatch.setitem(sys.modules, "nox", nox)
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


def asked(noxfile: ModuleType, name: str) -> Session:
    session = Session()
    getattr(noxfile, name)(session)
    return session


def test_hooks_run_what_ci_runs() -> None:
    (local,) = read_yaml(".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    hooks = local["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["pass_filenames"] for hook in hooks} == {False}
    before_push = [hook for hook in hooks if hook.get("stages") == ["pre-push"]]
    before_commit = [hook for hook in hooks if "stages" not in hook]
    assert len(before_push) + len(before_commit) == len(hooks)
    assert [tuple(shlex.split(hook["entry"])) for hook in before_commit] == linters()
    assert [tuple(shlex.split(hook["entry"])) for hook in before_push] == [command_of_tests()]


def test_sessions_run_what_ci_runs(noxfile: ModuleType) -> None:
    assert len(linters()) == 3
    assert asked(noxfile, "lint").ran == linters()
    assert asked(noxfile, "test").ran == [(*command_of_tests(), "--list")]


def test_sessions_install_what_is_declared(noxfile: ModuleType) -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    for name in ("test", "lint", "docs", "bench"):
        session = asked(noxfile, name)
        ((flag, pins, *words),) = session.installed
        assert (flag, pins) == ("-c", "constraints.txt")
        assert re.fullmatch(r"\.\[(\w+)\]", words[-1])[1] in extras  # type: ignore[index]
    told = re.search(r"`nox -l` lists sessions.*?(?=\n\n)", CONTRIBUTING, re.DOTALL)
    assert told is not None
    for name in ("test", "lint", "docs", "bench", "release"):
        assert f"`{name}`" in told[0]
    for page in noxfile.PAGES:
        assert (ROOT / page).is_file()
    assert asked(noxfile, "bench").ran == [("python", "-m", "benchmarks", "--list")]


def test_a_release_does_what_ci_does_with_what_is_built(noxfile: ModuleType) -> None:
    session = asked(noxfile, "release")
    ((command, script, folder),) = session.ran
    assert (command, folder) == ("python", "dist")
    assert f'env "$venv/bin/python" {script}\n' in CI
    assert (ROOT / script).is_file()
    assert session.installed == [("-c", "constraints.txt", "build", "packaging", ".")]


def test_versions_of_python_are_the_same_everywhere(noxfile: ModuleType) -> None:
    least = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert noxfile.PYTHONS[0] == least
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + least.replace(".", "")
    images = re.findall(r"^FROM python:([\d.]+)-slim", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(images) == 2
    assert set(images) <= set(noxfile.PYTHONS)
    assert f"Python {least} or newer" in CONTRIBUTING
    assert f"Python {least} or newer" in README
    prefix = "Programming Language :: Python :: 3."
    named = [one for one in PROJECT["project"]["classifiers"] if one.startswith(prefix)]
    assert named in ([], [f"Programming Language :: Python :: {version}" for version in noxfile.PYTHONS])


def test_set_up_is_the_command_of_the_readme() -> None:
    block = CONTRIBUTING.split("## Set up")[1].split("```sh\n")[1].split("\n```")[0]
    assert block in README
    assert len(block.splitlines()) == 1


def install_words(line: str) -> list[str]:
    """What a line installs and by which pins, without how much it says and which index has PyTorch."""
    words = shlex.split(line.split(" install ", 1)[1].split("&&", maxsplit=1)[0])
    words = [word for word in words if word not in ("-q", "--no-cache-dir")]
    if "--extra-index-url" in words:
        place = words.index("--extra-index-url")
        assert words[place + 1] == "https://download.pytorch.org/whl/cpu"
        del words[place : place + 2]
    return words


def test_the_image_installs_as_the_readme_does() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    (installed,) = [line for line in lines if "pip install" in line]
    first = next(line for line in README.splitlines() if "pip install" in line)
    assert install_words(installed) == install_words(first) == ["-c", "constraints.txt", "."]
    assert "--extra-index-url" in installed
    assert [line for line in lines if line.startswith("USER ")] == ["USER 1000"]
    assert 'ENTRYPOINT ["gdsolve"]' in lines
    assert lines.index("USER 1000") < lines.index('ENTRYPOINT ["gdsolve"]')


def test_what_the_image_is_built_from_is_let_in() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    project = PROJECT["project"]
    needed = {"pyproject.toml", "constraints.txt", project["readme"], *project["license-files"]}
    assert let_in == needed | set(wheel["packages"]) | set(wheel["force-include"]) | {"hatch_build.py"}


def test_the_citation_is_that_of_the_project() -> None:
    citation, project = read_yaml("CITATION.cff"), PROJECT["project"]
    required = {"cff-version", "message", "title", "authors"}
    allowed = required | {"type", "abstract", "version", "license", "keywords", "date-released", "repository-code"}
    assert required <= set(citation) <= allowed
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == __version__
    assert citation["title"] == project["name"]
    assert citation["license"] == project["license"]
    assert citation["keywords"] == project["keywords"]
    assert citation["abstract"] == project["description"]
    assert citation["authors"] == project["authors"]
    ((version, day), *_) = releases()
    assert (str(citation["version"]), str(citation["date-released"])) == (version, day)


def releases() -> list[tuple[str, str]]:
    """The versions of the changelog with their days, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *rest = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert first == "[Unreleased]"
    assert len(rest) == len(releases()) > 0
    assert releases()[0][0] == __version__
    assert sorted(releases(), key=lambda one: one[1], reverse=True) == releases()
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("path", FORMS, ids=[path.stem for path in FORMS])
def test_forms_of_issues_are_whole(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(form) == {"name", "description", "labels", "body"}
    names = [part["id"] for part in form["body"]]
    assert len(set(names)) == len(names)
    for part in form["body"]:
        assert re.fullmatch(r"[A-Za-z0-9_-]+", part["id"])
        assert set(part) <= {"type", "id", "attributes", "validations"}
        keys = {"label", "description", "options" if part["type"] == "dropdown" else "render"}
        assert "label" in part["attributes"]
        assert set(part["attributes"]) <= keys
        assert part["type"] in ("textarea", "input", "dropdown")
        assert "render" not in part["attributes"] or part["type"] == "textarea"
        assert set(part.get("validations", {})) <= {"required"}
    assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_an_idea_may_be_whatever_contributing_tells_how_to_add() -> None:
    (form,) = [path for path in FORMS if path.stem == "idea"]
    kinds = yaml.safe_load(form.read_text(encoding="utf-8"))["body"][0]["attributes"]["options"]
    assert len(FORMS) == 2
    for kind in kinds[:-1]:
        assert f"## Add {kind.replace(' of ', ' to ')}\n" in CONTRIBUTING


def test_each_way_to_add_something_has_files_and_the_six_have_a_commit() -> None:
    parts = re.findall(r"^## Add ([^\n]+)\n(.*?)(?=^## |\Z)", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    with_commit = {
        title for title, text in parts if re.search(r"`git log -p --grep='[^']{6,}'`\s+\(\"[^\"]+\"\)", text)
    }
    assert with_commit == {
        "a loss",
        "a method",
        "a file format",
        "an option",
        "a verb",
        "a figure to the report",
    }
    for title, text in parts:
        assert re.search(r"`gdsolve/[\w/]+\.py`", text), title
        assert re.search(r"`tests/[\w/]+\.py`", text), title


def test_what_is_distributed_has_all_of_it() -> None:
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [path for path in included if not (ROOT / path).exists()] == []
    ours = {"CITATION.cff", "Dockerfile", "SECURITY.md", "noxfile.py", ".github", ".editorconfig", ".dockerignore"}
    assert ours | {".pre-commit-config.yaml"} <= set(included)


def test_texts_are_as_editors_are_asked_to_keep_them() -> None:
    parsed = ConfigParser()
    parsed.read_string("[top]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))
    assert parsed["*.py"]["max_line_length"] == str(PROJECT["tool"]["ruff"]["line-length"])
    assert (parsed["*"]["charset"], parsed["*"]["end_of_line"]) == ("utf-8", "lf")
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    paths += [path for path in ROOT.iterdir() if path.suffix in TEXTS]
    assert len(paths) > 500
    for path in paths:
        text = path.read_bytes().decode("utf-8")
        assert "\r" not in text, path
        assert not text or text.endswith("\n"), path
        assert path.suffix == ".md" or not re.search(r"[ \t]\n", text), path
