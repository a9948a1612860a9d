"""A review meeting from a folder: what is proposed, edited, refused, and made anew."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from jiesu.city.meeting_run import MeetingDone, MeetingOrder, hold
from jiesu.core.problems import InputError

from .test_small_city import SMALL_CITY

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Meeting = Callable[..., MeetingDone]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    shutil.copytree(SMALL_CITY, folder)
    return folder


@pytest.fixture
def meeting(city: Path) -> Meeting:
    def held(**changes: object) -> MeetingDone:
        order = MeetingOrder(city, "2022-02", city / "papers", formats=("html",), jobs=1)
        return hold(replace(order, **changes), now=NOW)  # type: ignore[arg-type]

    return held


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def notices(city: Path) -> set[str]:
    return {path.stem for path in (city / "papers" / "notices").glob("*.html")}


def test_without_a_file_the_proposal_becomes_it_and_every_page_is_a_draft(
    city: Path, meeting: Meeting
) -> None:
    done = meeting()
    assert done.drafted is not None
    assert done.drafted.path == city / "meetings" / "2022-02.toml"
    assert "草案" in (city / "papers" / "pack.html").read_text("utf-8")
    edit(done.drafted.path, "draft = true", "# draft = true")
    assert meeting().drafted is None
    assert "草案" not in (city / "papers" / "pack.html").read_text("utf-8")


def test_a_draft_is_all_that_is_written_where_it_is_asked_for(city: Path, meeting: Meeting) -> None:
    done = meeting(draft_only=True)
    assert done.written == ()
    assert not (city / "papers" / "pack.html").exists()
    again = meeting(draft_only=True)
    assert again.drafted is not None
    assert again.drafted.path.name == "2022-02.proposed.toml"
    assert again.drafted.difference == ()


def test_evidence_that_the_figures_do_not_show_is_refused_by_name(
    city: Path, meeting: Meeting
) -> None:
    meeting()
    before = (city / "papers" / "press.json").read_bytes()
    edit(city / "meetings" / "2022-02.toml", 'evidence = "rate.resolution"', 'evidence = "index.x"')
    with pytest.raises(InputError) as caught:
        meeting()
    [problem] = caught.value.problems
    assert (problem.file, problem.where) == (
        "meetings/2022-02.toml",
        "speakers[1].shortcomings[2]",
    )
    assert "do not show 'index.x' for E" in problem.what
    text = (city / "meetings" / "2022-02.toml").read_text("utf-8")
    assert problem.line is not None
    assert "'index.x'" in text.splitlines()[problem.line - 1].replace('"', "'")
    assert "change" in problem.remedy
    assert (city / "papers" / "press.json").read_bytes() == before


def test_a_text_by_hand_names_the_office_that_gives_it(city: Path, meeting: Meeting) -> None:
    meeting()
    own = '{ text = "土地集约利用", source = "督查室" }'
    path = city / "meetings" / "2022-02.toml"
    edit(path, '{ evidence = "rate.resolution" }', own)
    meeting()
    assert "土地集约利用（据督查室提供）" in (city / "papers" / "pack.html").read_text("utf-8")
    press = (city / "papers" / "press.json").read_text("utf-8")
    assert '"given_by": "督查室"' in press
    assert "在土地集约利用等方面仍存不足" in press


def test_a_speaker_of_another_group_is_refused(city: Path, meeting: Meeting) -> None:
    meeting()
    edit(city / "meetings" / "2022-02.toml", 'unit = "E"', 'unit = "D1"')
    with pytest.raises(InputError, match="D1 is not of the group district"):
        meeting()


def test_nobody_in_the_upper_half_is_reprimanded_where_the_bottom_ten_is_the_whole_group(
    city: Path, meeting: Meeting
) -> None:
    meeting()
    # E1 is first of four streets that are ranked and stands on the list of the bottom ten.
    assert "E1" not in notices(city)
    assert notices(city)
    press = (city / "papers" / "press.json").read_text("utf-8")
    assert "street_bottom" in press


def test_the_best_by_a_measure_are_honoured_and_not_reprimanded(
    city: Path, meeting: Meeting
) -> None:
    policy = files("jiesu.city").joinpath("shipped/policies/beijing.toml").read_text("utf-8")
    for end in ("worst", "best"):
        text = policy.replace('measure = "pm25"', f'measure = "green"\nend = "{end}"')
        (city / "policy.toml").write_text(text, "utf-8")
        edit(city / "city.toml", '"beijing"', '"policy.toml"') if end == "worst" else None
        (city / "measures.toml").write_text(
            '[[measures]]\nkey = "green"\ntitle = { zh = "绿地", en = "green" }\n'
            'measured_in = { zh = "公顷", en = "ha" }\ndirection = "higher"\nsource = "园林"\n',
            "utf-8",
        )
        (city / "measures").mkdir(exist_ok=True)
        lines = [f"green,{code},2022-02,{n}" for n, code in enumerate(("E1", "E2", "W1", "W3"), 1)]
        (city / "measures" / "a.csv").write_text(
            "measure,unit,period,value\n" + "\n".join(lines) + "\n", "utf-8"
        )
        (city / "meetings" / "2022-02.toml").unlink(missing_ok=True)
        meeting()
        html = "".join(
            path.read_text("utf-8") for path in (city / "papers" / "notices").glob("*.html")
        )
        if end == "worst":
            assert "PM2.5" in html
            assert {"E1", "E2"} <= notices(city)
        else:
            assert "PM2.5" not in html


def test_papers_are_made_anew_when_what_they_say_changes(city: Path, meeting: Meeting) -> None:
    meeting()
    pack = city / "papers" / "pack.html"
    before = pack.stat().st_mtime_ns
    meeting()
    assert pack.stat().st_mtime_ns == before
    with (city / "city.toml").open("a", encoding="utf-8") as target:
        target.write('\n[bulletin]\noffice = "小城督查室"\n')
    meeting()
    assert "小城督查室" in pack.read_text("utf-8")


def test_a_notice_of_an_earlier_run_goes_and_what_a_person_put_there_stays(
    city: Path, meeting: Meeting
) -> None:
    meeting()
    gone = sorted(notices(city))[0]
    reply = city / "papers" / "notices" / "reply.html"
    reply.write_text("a scan", "utf-8")
    with (city / "city.toml").open("a", encoding="utf-8") as target:
        target.write("\n[meeting]\nnotices = []\n")
    meeting()
    assert notices(city) == {"reply"}
    assert gone != "reply"


def test_a_unit_s_code_never_leads_out_of_the_folder(city: Path, meeting: Meeting) -> None:
    for path in (city / "units.csv", *(city / "cases").glob("*.csv")):
        text = path.read_text("utf-8")
        path.write_text(text.replace("D1,", "../../D1,").replace(",D1", ",../../D1"), "utf-8")
    meeting()
    outside = [path for path in city.parent.rglob("*D1*") if path.is_file()]
    assert outside == []
    assert all(path.startswith(("unit-", "E", "W", "N")) for path in notices(city))


def test_a_city_whose_policy_is_younger_than_last_year_holds_its_meeting(
    city: Path, meeting: Meeting
) -> None:
    policy = files("jiesu.city").joinpath("shipped/policies/beijing.toml").read_text("utf-8")
    text = policy.replace("valid_from = 2018-12-19", "valid_from = 2021-12-19")
    (city / "policy.toml").write_text(text, "utf-8")
    edit(city / "city.toml", '"beijing"', '"policy.toml"')
    assert meeting().failed == ()
    assert not (city / "papers" / "evaluation-year.json").exists()


def test_what_was_known_at_a_moment_is_all_that_is_said(city: Path, meeting: Meeting) -> None:
    meeting()
    late = (city / "papers" / "evaluation.json").read_text("utf-8")
    (city / "meetings" / "2022-02.toml").unlink()
    meeting(as_of=datetime(2022, 2, 10, 12, tzinfo=UTC))
    early = (city / "papers" / "evaluation.json").read_text("utf-8")
    assert '"as_of": "2022-02-10T20:00:00+08:00"' in early
    assert early != late


def test_only_a_month_has_a_meeting(meeting: Meeting) -> None:
    for label in ("2022", "2022-Q1", "2022-13", "2022-1", "２０２２-02"):
        with pytest.raises(InputError, match="is not a month"):
            meeting(period=label)


def test_a_killed_run_leaves_no_figures_beside_papers_of_another(city: Path) -> None:
    """Killed while its papers are made; the next run makes what is missing and completes."""
    code = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "import jiesu.briefing.write as write\n"
        "whole, n = write.write_document, [0]\n"
        "def die(*args, **kwargs):\n"
        "    n[0] += 1\n"
        "    if n[0] == 4:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return whole(*args, **kwargs)\n"
        "write.write_document = die\n"
        "from jiesu.city.meeting_run import MeetingOrder, hold\n"
        "folder = Path(sys.argv[1])\n"
        "order = MeetingOrder(folder, '2022-02', folder / 'papers', formats=('html',), jobs=1)\n"
        "hold(order, now=datetime(2026, 1, 1, tzinfo=UTC))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(city)], env=os.environ, check=False)
    assert done.returncode == -9
    papers = city / "papers"
    assert (papers / "bulletin.html").exists()
    assert not (papers / "press.json").exists()
    made = (papers / "bulletin.html").stat().st_mtime_ns
    order = MeetingOrder(city, "2022-02", papers, formats=("html",), jobs=1)
    assert hold(order, now=NOW).failed == ()
    assert (papers / "press.json").exists()
    assert (papers / "bulletin.html").stat().st_mtime_ns == made


def press(city: Path) -> list[dict[str, object]]:
    document = json.loads((city / "papers" / "press.json").read_text("utf-8"))
    return list(document["statements"])


def test_nobody_is_first_and_last_in_one_breath(city: Path, meeting: Meeting) -> None:
    meeting()
    told = {str(one["kind"]): str(one["text"]) for one in press(city)}
    assert "西区" in told["district_first"]
    assert "西区" not in told["district_bottom"]
    assert "东区（" in told["district_bottom"]
    assert "东一街道" not in told["street_bottom"]
    # The one department is first; there is nobody to be last.
    assert "department_first" in told
    assert "department_bottom" not in told


def test_the_agenda_decides_what_is_told_and_in_what_order(city: Path, meeting: Meeting) -> None:
    meeting()
    path = city / "meetings" / "2022-02.toml"
    agenda = next(line for line in path.read_text("utf-8").splitlines() if "agenda" in line)
    edit(path, agenda, 'agenda = ["next_steps", "bulletin"]')
    meeting()
    kinds = [str(one["kind"]) for one in press(city)]
    assert not {"speakers", "merit", "shortcoming", "experience"} & set(kinds)
    assert kinds.index("next_step") < kinds.index("volume")
    assert "发言和点评" not in (city / "papers" / "pack.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("held_on = 2022-02-28", "held_on = 2022-02-10", "held_on", "before 2022-02-18"),
        ('experience = "E1"', 'experience = "D1"', "experience", "not of the group street"),
    ],
)
def test_a_meeting_before_its_month_and_a_talk_by_another_group_are_refused(
    city: Path, meeting: Meeting, old: str, new: str, where: str, what: str
) -> None:
    meeting()
    edit(city / "meetings" / "2022-02.toml", old, new)
    with pytest.raises(InputError) as caught:
        meeting()
    assert [problem.where for problem in caught.value.problems] == [where]
    assert what in caught.value.problems[0].what


def test_parts_that_the_city_has_not_are_not_on_the_agenda(city: Path, meeting: Meeting) -> None:
    meeting()
    text = (city / "meetings" / "2022-02.toml").read_text("utf-8")
    assert 'agenda = ["speakers", "experience", "bulletin", "next_steps"]' in text
    assert "本期没有可通报的内容" not in (city / "papers" / "pack.html").read_text("utf-8")
