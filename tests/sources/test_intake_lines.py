"""What the command line says of an intake."""

from pathlib import Path

from jiesu.cli.sources import intake_lines

from .conftest import Take


def test_what_was_read_and_what_was_left_aside_stands_in_lines(tmp_path: Path, take: Take) -> None:
    extra = ",".join(f"x{n}" for n in range(10))
    (tmp_path / "a.csv").write_text(
        f"case_id,created_at,due_at,closed_on_time,{extra}\n"
        f"1,2022-02-01,,true{',' * 10}\n2,,,true{',' * 10}\n1,2022-02-01,,true{',' * 10}\n"
    )
    assert list(intake_lines(take(tmp_path / "a.csv", profile="jiesu").intake)) == [
        "Rows 3 = accepted 1 + rejected 1 + duplicates 1",
        "Columns not used in a.csv: x0, x1, x2, x3, x4, x5, x6, x7 and 2 more",
        "On-time flags not used in a.csv (2): due times are mapped, and all empty",
    ]
