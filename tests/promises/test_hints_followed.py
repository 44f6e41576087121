"""Every hint that gdsolve can print is followed, from an input that fails to a run that does not."""

from __future__ import annotations

from pathlib import Path

import hint_cases_batches
import hint_cases_bounds
import hint_cases_certify
import hint_cases_classes
import hint_cases_code
import hint_cases_counts
import hint_cases_curves
import hint_cases_data
import hint_cases_formula_tables
import hint_cases_formula_text
import hint_cases_formulas
import hint_cases_found_start
import hint_cases_graphs
import hint_cases_hostile
import hint_cases_l1
import hint_cases_models
import hint_cases_path
import hint_cases_programs
import hint_cases_python
import hint_cases_results
import hint_cases_runs
import hint_cases_scans
import hint_cases_sources
import hint_cases_spec
import hint_cases_starts
import hint_cases_text
import hint_cases_told
import hint_cases_validation
import hint_cases_where
import pytest
from hint_sites import COMPANIES, sites
from hints import AstrayError, Case, Told, follow, ways

CASES: list[Case] = [
    *hint_cases_spec.CASES,
    *hint_cases_starts.CASES,
    *hint_cases_formulas.CASES,
    *hint_cases_curves.CASES,
    *hint_cases_found_start.CASES,
    *hint_cases_graphs.CASES,
    *hint_cases_hostile.CASES,
    *hint_cases_bounds.CASES,
    *hint_cases_l1.CASES,
    *hint_cases_runs.CASES,
    *hint_cases_python.CASES,
    *hint_cases_results.CASES,
    *hint_cases_scans.CASES,
    *hint_cases_data.CASES,
    *hint_cases_sources.CASES,
    *hint_cases_counts.CASES,
    *hint_cases_formula_tables.CASES,
    *hint_cases_formula_text.CASES,
    *hint_cases_text.CASES,
    *hint_cases_told.CASES,
    *hint_cases_certify.CASES,
    *hint_cases_batches.CASES,
    *hint_cases_classes.CASES,
    *hint_cases_code.CASES,
    *hint_cases_programs.CASES,
    *hint_cases_models.CASES,
    *hint_cases_path.CASES,
    *hint_cases_validation.CASES,
    *hint_cases_where.CASES,
]
NO_PROGRAM_FOLLOWS: dict[str, str] = {
    "cli/main.py::_run#1": "a process without standard output; test_cli_process.py starts one",
    "cli/faults.py::judge#1": "a fault of gdsolve, to be reported",
    "cli/faults.py::_as_error#1": "a CUDA device that is full",
    "cli/shortage.py::shortage_of#1": "a machine without threads left; test_shortage.py says so of one",
    "cli/shortage.py::shortage_of#2": "a machine without memory left; test_shortage.py says so of one",
    "cli/output.py::write_error#1": "a disk that is full; test_report_files.py limits the size of files",
    "cli/distributed.py::accept#1": "several ranks under a launcher; test_ranks_process.py starts them",
    "cli/distributed.py::accept#2": "several ranks under a launcher; test_ranks_process.py starts them",
    "cli/distributed.py::require_shared#1": "several ranks under a launcher; test_ranks_process.py starts them",
    "solve/batch_plan.py::deal_rows#1": "several ranks under a launcher, each with rows of its own",
    "objective/streamed.py::_changed#1": "a file that another program writes to; test_minibatch_streams.py stands in",
    "solve/robust_pass.py::require_clusters#1": "several ranks; test_robust_errors.py stands in for them",
    "solve/dispersion.py::_most_likely#1": "a table of 1,501 columns; test_count_losses.py makes that few",
    "solve/penalised_rows.py::_found#1": "a minimum beyond 500 steps; test_path_losses.py leaves it none",
    "cli/each.py::run_each#1": "several ranks under a launcher; test_each.py stands in for them",
    "cli/model_paths.py::_make_folders#2": "a folder that may not be written to, which stops no superuser",
    "programs/expression.py::_Torch._spelled#1": "a function of a library that formulas do not have is told by them",
    "programs/table.py::_require_plain#2": "a pipe with a name, which is read once",
    "programs/walk.py::_taken#2": "an end of squares on a table that none of them has",
    "bundled.py::_folder#1": "an installation without its specs",
    "extras.py::check_extra#1": "an installation without the package; test_extras.py stands in for it",
    "data/formats/sqlite/database.py::_Database._fault#3": "a database that is locked; test_sources.py locks one",
    "data/formats/excel/source.py::_sheet_name#1": "a workbook without a sheet, which no program writes",
    "data/where/source.py::SiftedSource._bad_cell#1": "a file that another program writes to",
    "data/formula/saved.py::design_of#1": "a saved formula that is damaged where its form does not show it",
    "objective/reader.py::FormulaReader.read#2": "a null character, which no option lets through",
    "data/file.py::change_of#1": "a file that another program takes away; test_data_changes.py does",
    "data/file.py::change_of#2": "a file that another program writes to; test_data_changes.py does",
    "data/files.py::expand#1": "no verb calls it without a source",
    "data/files.py::_standard_input#1": "a process without standard input; test_cli_process.py starts one",
    "data/pieces.py::_endless#1": "a line of more than the memory for one; test_data_csv.py makes that small",
    "data/reading.py::refuse_nothing#3": "what is read in pieces and has no row is told before, by its first rows",
    "data/formats/text.py::TextSource.damage#2": "bytes that are not UTF-8 are told by their line first",
    "data/source.py::Source.damage#1": "a file that the system stops reading half way",
    "data/shares.py::_shareable#1": "several ranks under a launcher; test_ranks_process.py starts them",
    "data/formats/csv/sniff.py::sniff#1": "a first line that csv cannot split; none is known",
    "data/endless.py::RecordWatch._look#1": "a line of 64 MiB from a pipe; test_endless.py makes that small",
    "room.py::require_start#1": "a limit of the shell; test_shortage.py has one, and follows it",
    "data/spool.py::_require_space#1": "a temporary folder that is full; test_endless.py has one",
    "data/width.py::require_width#1": "more columns than memory; test_width.py says so of some",
    "data/width.py::require_width#2": "more columns than memory; test_width.py follows it",
    "checkpoint.py::read_checkpoint#2": "a file of JSON larger than the memory; test_endless.py has one",
    "spec/graph.py::_read_standard_input#1": "a text of 64 MiB",
    "data/spool.py::shortage_told#1": "a temporary folder that is full; test_room.py has one",
    "files.py::replacing_bytes#1": "a folder that may not be written to, or a disk that is full; test_report_files.py",
    "outputs.py::_check_folder#3": "a folder that may not be written to, which stops no superuser",
    "ranks.py::Launched.join#1": "a machine with fewer devices than ranks",
    "ranks.py::lost_verdict#1": "a rank that another program has ended",
    "spec/document.py::_read#2": "a spec of 64 MiB; test_spec_file.py makes one",
    "spec/numbers.py::parse_count#1": "a value that no flag, key or call lets through",
    "solve/memory.py::Demand._refuse#1": "a table larger than the memory; test_memory.py says so of a small one",
    "solve/memory.py::building_threads#1": "a machine too small for a block; test_triangle_cores.py says so of one",
    "solve/scan.py::_build#1": "a table without rows is told before, by its first rows",
    "solve/formula_columns.py::read_columns#1": "no verb asks it for a curve without a table",
    "solve/read.py::_without_rows#1": "a table without rows is told before, by its first rows",
    "data/inline.py::_refuse_shuffled#1": "pandas is not everywhere; test_data_frames.py follows it where it is",
    "spec/formula_place.py::explained#1": "a formula that passes all checks and formulaic does not read; none is known",
    "data/inline.py::_formula_table#1": "several ranks under a launcher, of a spec with X and y in it",
    "data/formula/learn.py::Learner._require_room#1": "a machine too small for it; test_formula_fit.py has one",
    "data/inline.py::inline_table#1": "several ranks under a launcher, of a spec with X and y in it",
}
"""Sites of errors whose hint only a person can follow, or that nothing leads to, each with the reason."""
MADE: dict[int, set[str]] = {}


def followed(place: int, folder: Path) -> set[str]:
    if place not in MADE:
        MADE[place] = follow(CASES[place], folder)
    return MADE[place]


@pytest.mark.parametrize("place", range(len(CASES)), ids=lambda place: f"{place}: {CASES[place].text[:60]}")
def test_a_hint_leads_to_the_end(place: int, tmp_path: Path) -> None:
    followed(place, tmp_path)


# Alone it follows them all; with the tests above it knows what they have met.
@pytest.mark.slow
def test_every_hint_is_followed(tmp_path: Path) -> None:
    """An error with a hint that no case comes to, and that is not listed with a reason, is a new one: add a case."""
    made = {site for place in range(len(CASES)) for site in followed(place, tmp_path / str(place))}
    known = {*(site.name for site in sites()[0]), *COMPANIES.values()}
    assert known - made - NO_PROGRAM_FOLLOWS.keys() == set(), "add a case to hint_cases_*.py"
    assert NO_PROGRAM_FOLLOWS.keys() - known == set(), "these are gone"
    assert NO_PROGRAM_FOLLOWS.keys() & made == set(), "cases come to these"


def test_what_leads_nowhere_is_seen(tmp_path: Path) -> None:
    table = {"t.csv": "x,y\n1,2\n3,4\n"}
    with pytest.raises(AstrayError, match="fails no more"):
        follow(Case("fit t.csv", table), tmp_path)
    with pytest.raises(AstrayError, match="a circle"):
        follow(Case("fit t.csv --loss foo", table, {"one of them": "fit t.csv --loss foo"}), tmp_path)
    with pytest.raises(AstrayError, match="nothing to do"):
        follow(Case("fit p.yaml", {"p.yaml": "- a\n"}), tmp_path)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("give --loss mse|sse", ["fit t.csv --lr x --loss mse", "fit t.csv --lr x --loss sse"]),
        ("leave --lr out", ["fit t.csv"]),
        ("leave --lr out, or give --max-iter 9, say", ["fit t.csv", "fit t.csv --lr x --max-iter 9"]),
        (
            "--na drop, --na mean, or --ignore z",
            [f"fit t.csv --lr x {one}" for one in ("--na drop", "--na mean", "--ignore z")],
        ),
        ("--na-values ? --na drop if it means missing", ["fit t.csv --lr x --na-values '?' --na drop"]),
        ("did you mean auto?", ["fit t.csv --lr auto"]),
        ("type it out: gdsolve fit t.csv --model 'a*x'", ["fit t.csv --model 'a*x'"]),
        (
            "if several spaces separate the columns: sed 's/ /,/' t.csv | gdsolve fit -",
            ["sed 's/ /,/' t.csv | gdsolve fit -"],
        ),
    ],
)
def test_how_a_hint_is_read(hint: str, expected: list[str]) -> None:
    case = Case("fit t.csv --lr x")
    assert [way.text for way in ways(case.input, Told(2, "lr: 'x' is no rate", hint), case)] == expected
