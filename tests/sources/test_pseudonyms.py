"""No phone gets into a case table, and a caller is known again."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from jiesu.sources.intake import read_cases
from jiesu.sources.profile import parse_profile

from .conftest import Take

CALLERS = """
zone = "Asia/Shanghai"
[columns]
case_id = "id"
created_at = "at"
caller = "phone"
"""


def test_callers_become_pseudonyms_and_pseudonyms_stay(tmp_path: Path, take: Take) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "id,at,phone\n"
        "1,2022-02-01,01065550000\n"
        "2,2022-02-01,01065550000\n"
        "3,2022-02-01,01065551111\n"
        "4,2022-02-01,c-593729272cd3\n"
        "5,2022-02-01,\n",
        "utf-8",
    )
    callers = [row["caller"] for row in take(path, profile=CALLERS).rows]
    assert callers[0] == callers[1] != callers[2]
    assert callers[3:] == ["c-593729272cd3", None]
    assert not any("6555" in caller for caller in callers[:3])


def test_a_site_brings_pseudonyms_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,at,phone\n1,2022-02-01,01065550000\n2,2022-02-01,c-593729272cd3\n", "utf-8")
    read = read_cases(
        [path],
        parse_profile(CALLERS, file="test.toml", name="test"),
        into=tmp_path / "cases",
        rejects=tmp_path / "rejects.csv",
        duplicates=tmp_path / "duplicates.csv",
        callers=lambda named: f"c-{named.encode().hex()}",
    )
    callers = pq.read_table(read.cases[0])["caller"].to_pylist()
    assert callers == ["c-3031303635353530303030", "c-593729272cd3"]


def test_the_key_decides_and_none_is_kept(tmp_path: Path) -> None:
    code = "from jiesu.sources.pseudonyms import pseudonym; print(pseudonym('01065550000'))"

    def under(**environment: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert under(JIESU_CALLER_KEY="a") == under(JIESU_CALLER_KEY="a")
    assert under(JIESU_CALLER_KEY="a") != under(JIESU_CALLER_KEY="b")
    assert under() != under()
