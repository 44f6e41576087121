"""Build the wheel and the source distribution, and run them where nothing but what they declare is installed.

`python .ci/packages.py [FOLDER]`, in an environment with `build` and with what gdsolve needs: its packages are lent to
a bare virtual environment by links, so that this takes seconds. FOLDER keeps what was built.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
# What a plain install leaves out.
LEFT_OUT = ("matplotlib", "pyarrow")


def main() -> None:
    """Build, install and run.

    Raises:
        SystemExit: something failed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "dist", folder / "tree")
        programs = installed(wheel, folder / "bare")
        smoke(programs, folder)
    print(f"packages: {wheel.name} runs in a bare environment, and is the same from the source distribution")


def build(folder: Path, again: Path) -> Path:
    """Build both, the wheel from the source distribution; it has to be the one that the checkout gives."""
    for old in folder.glob("gdsolve-*"):
        old.unlink()
    asked = [sys.executable, "-m", "build", str(ROOT), "--outdir"]
    run([*asked, str(folder)])
    run([*asked, str(again), "--wheel"])
    (wheel,), (other,) = folder.glob("*.whl"), again.glob("*.whl")
    (_,) = folder.glob("*.tar.gz")
    if contents(wheel) != contents(other):
        raise SystemExit("the wheel of the source distribution is not that of the checkout")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def installed(wheel: Path, folder: Path) -> Path:
    """Install a wheel in an environment that has what it declares, and no more; gives the folder of its programs."""
    venv.create(folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    lent = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    lend(wheel, Path(lent))
    pip = [sys.executable, "-m", "pip", "--python", python]
    run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    run([*pip, "check"])
    return programs


def lend(wheel: Path, folder: Path) -> None:
    """Link the packages that a wheel needs, and those that they need, from this environment."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    waiting = [Requirement(line.partition(":")[2].strip()) for line in lines if line.startswith("Requires-Dist:")]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if one.name in seen or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        seen.add(one.name)
        found = distribution(one.name)
        waiting += map(Requirement, found.requires or ())
        link(found, folder)


def link(package: Distribution, folder: Path) -> None:
    """Link the modules of a package."""
    parts = {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "__pycache__")}
    for part in parts:
        there = Path(str(package.locate_file(part)))
        if not (folder / part).exists():
            (folder / part).symlink_to(there, target_is_directory=there.is_dir())


def smoke(programs: Path, folder: Path) -> None:
    """Run what a newcomer runs, away from the checkout."""
    place = folder / "away"
    place.mkdir()
    (place / "t.csv").write_text("x,y\n1,3\n2,5\n4,9\n")

    def gdsolve(*words: str, code: int = 0) -> str:
        return run([programs / "gdsolve", *words], place, code)

    python = str(programs / "python")
    version = gdsolve("--version").split()[-1]
    expect(version in str(next(folder.rglob("gdsolve-*.dist-info"))), f"--version says {version}")
    found = json.loads(gdsolve("fit", "two_points", "--format", "json"))
    expect(abs(found["weights"]["x"] - 1) < 1e-8, "fit two_points finds the slope 1")
    expect("two_points" in gdsolve("configs"), "configs lists two_points")
    expect("backward" in gdsolve("trace", "A1"), "trace A1 goes backward")
    penguins = ("penguins", "--categorical", "onehot", "--na", "drop", "--format", "json")
    expect(json.loads(gdsolve("fit", *penguins))["status"] == "converged", "a fit of penguins converges")
    expect("gdsolve" in gdsolve("tour"), "the tour begins")
    gdsolve("fit", "t.csv", "--save", "m.json", "--quiet")
    rows = gdsolve("predict", "m.json", "t.csv").split()
    expect(rows[0] == "x,y,prediction" and abs(float(rows[2].split(",")[2]) - 5) < 1e-6, "predict gives 5 for x = 2")
    run([python, "-c", "import polars as pl; pl.read_csv('t.csv').write_parquet('t.parquet')"], place)
    expect(gdsolve("fit", "t.parquet", "--format", "csv") == gdsolve("fit", "t.csv", "--format", "csv"), "Parquet")
    expect("gdsolve[plot]" in gdsolve("fit", "t.csv", "--plot", "p.svg", code=2), "a file of a picture asks for [plot]")
    absent = "; ".join(f"assert find_spec({name!r}) is None" for name in LEFT_OUT)
    run([python, "-c", f"from importlib.util import find_spec; {absent}"], place)


def expect(right: bool, what: str) -> None:
    """End where something is not so."""
    if not right:
        raise SystemExit(f"not so in the bare environment: {what}")


def run(words: list[str | Path], folder: Path | None = None, code: int = 0) -> str:
    """Run a program without what this environment says of Python; gives what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    streams = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL}
    done = subprocess.run(words, check=False, cwd=folder, env=kept, **streams)
    if done.returncode != code:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + (done.stderr if code else "")


if __name__ == "__main__":
    main()
