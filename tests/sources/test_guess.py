"""Drafts: what is guessed right, what is said to be in doubt, and that a draft parses."""

from pathlib import Path

import pytest

from jiesu.core.case_table import COLUMNS
from jiesu.core.problems import InputError
from jiesu.sources.guess import draft_profile
from jiesu.sources.profile import Origin, Profile, load_profile, parse_profile

from .conftest import Take


def drafted(path: Path) -> tuple[Profile, str]:
    text = draft_profile(path)
    return parse_profile(text, file="draft.toml", name="draft"), text


def origins(profile: Profile) -> dict[str, Origin]:
    return dict(profile.columns)


CHINESE = (
    "工单编号;来电时间;承办单位;街道;办理时限;办结时间;是否解决;是否满意;是否联系;内容\n"
    + "\n".join(
        f"GD{n:05};2022/2/{n % 28 + 1} 8:{n % 60:02};城管委;{n % 7}号街道;2022/3/1 0:00;"
        f"{'2022/2/28 9:00' if n % 3 else ''};{('是', '否', '部分解决')[n % 3]};"
        f"{('满意', '基本满意', '不满意')[n % 3]};{('是', '否')[n % 2]};text {n}"
        for n in range(200)
    )
    + "\n"
)


def test_a_chinese_export_is_drafted_so_that_it_can_be_read(tmp_path: Path, take: Take) -> None:
    (tmp_path / "导出.csv").write_bytes(CHINESE.encode("gb18030"))
    profile, text = drafted(tmp_path / "导出.csv")
    assert {name: origin.headers for name, origin in profile.columns.items()} == {
        "case_id": ("工单编号",),
        "unit": ("承办单位",),
        "place": ("街道",),
        "created_at": ("来电时间",),
        "due_at": ("办理时限",),
        "closed_at": ("办结时间",),
        "callback_contacted": ("是否联系",),
        "callback_resolved": ("是否解决",),
        "callback_satisfaction": ("是否满意",),
    }
    assert (profile.encoding, profile.delimiter, profile.zone) == ("gb18030", ";", "Asia/Shanghai")
    run = take(tmp_path / "导出.csv", profile=text)
    assert (run.intake.accepted, run.intake.rejected) == (200, 0)
    assert run.column("callback_resolved")[:3] == ["yes", "no", "partial"]
    assert run.column("created_at")[1].isoformat() == "2022-02-02T00:01:00+00:00"


def test_an_ambiguous_day_and_month_is_a_doubt_and_a_clear_one_is_not(tmp_path: Path) -> None:
    for last, doubt in (("05/06/2022 08:00", True), ("05/26/2022 08:00", False)):
        rows = "\n".join(f"{n},0{n}/0{n}/2022 08:00" for n in range(1, 9))
        (tmp_path / "a.csv").write_text(f"id,created\n{rows}\n9,{last}\n")
        profile, text = drafted(tmp_path / "a.csv")
        assert profile.columns["created_at"].time_formats == ("%m/%d/%Y %H:%M",)
        assert ("which is it?" in text) is doubt


def test_a_file_in_which_nothing_fits_still_gives_a_profile_with_doubts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("colour,size\nred,1\nred,1\n")
    profile, text = drafted(tmp_path / "a.csv")
    assert profile.columns["case_id"].headers == ("?",)
    assert "# DOUBT case_id" in text
    assert "# DOUBT created_at" in text


def test_a_draft_shows_no_values_of_large_columns(tmp_path: Path) -> None:
    rows = "\n".join(f"{n},2022-02-01,call 139{n:08}" for n in range(50))
    (tmp_path / "a.csv").write_text(f'id,"created\nat",memo\n{rows}\n')
    text = draft_profile(tmp_path / "a.csv")
    assert "139" not in text
    assert "memo: 50 filled, nearly all different" in text


def test_our_own_headers_are_all_found_in_both_languages(tmp_path: Path) -> None:
    samples = {"instant": "2022-02-01T08:00:00Z", "boolean": "true", "text": "x"}
    for headers in ([c.name for c in COLUMNS], [c.zh for c in COLUMNS]):
        lines = [",".join(headers)]
        for n in range(60):
            cells = [c.codes[n % 3] if c.codes else samples[c.kind] + "" for c in COLUMNS]
            cells = [f"{cell}{n % 9}" if cell == "x" else cell for cell in cells]
            lines.append(",".join([f"id{n}", *cells[1:]]))
        (tmp_path / "a.csv").write_text("\n".join(lines))
        profile, _ = drafted(tmp_path / "a.csv")
        found = {name: origin.headers[0] for name, origin in profile.columns.items()}
        expected = dict(zip((c.name for c in COLUMNS), headers, strict=True))
        # The flag counts only where there is no due time.
        del expected["closed_on_time"]
        assert found == expected


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "file"),
    [("boston311", "boston-311-2011-q3.csv.gz"), ("pingshan", "pingshan-2018-part1.csv")],
)
def test_drafts_of_the_open_data_agree_with_the_shipped_profiles(
    name: str, file: str, realdata: Path
) -> None:
    draft, shipped = drafted(realdata / file)[0].columns, load_profile(name).columns
    right = [
        column
        for column, origin in shipped.items()
        if column in draft
        and (draft[column].headers[:1], draft[column].true_where)
        == (origin.headers[:1], origin.true_where)
    ]
    assert len(right) >= len(shipped) - 2
    assert {"case_id", "unit", "place", "created_at"} <= set(right)


def test_a_file_without_a_header_line_gets_no_draft_with_a_row_in_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("1,2022-02-01,某某,01065550000\n2,2022-02-02,某某,01065551111\n", "utf-8")
    with pytest.raises(InputError, match="its header line is missing") as caught:
        draft_profile(path)
    assert "6555" not in str(caught.value)
