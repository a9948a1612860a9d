"""What the bulletin says: sentences, tables and notes from a known evaluation."""

import string
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jiesu.briefing import labels
from jiesu.briefing.content import Imprint, bulletin, chinese_number
from jiesu.briefing.document import Content, Facts, Figure, Heading, Paragraph, Table
from jiesu.briefing.labels import CATALOGUES
from jiesu.briefing.wording import clean, percent, plain, signed
from jiesu.core.period import MonthRule, parse_period
from jiesu.core.result import Adjustment, Evaluation, Group


def words_of(content: Content) -> str:
    return "\n".join(
        block.lead + block.text if isinstance(block, Paragraph) else block.text
        for section in content.sections + content.annexes
        for block in section.blocks
        if isinstance(block, Paragraph | Heading)
    )


def tables_of(content: Content) -> Iterator[Table]:
    for section in content.sections + content.annexes:
        yield from (block for block in section.blocks if isinstance(block, Table))


def table(content: Content, key: str) -> Table:
    return next(table for table in tables_of(content) if table.key == key)


def column(shown: Table, key: str) -> list[str]:
    at = next(i for i, column in enumerate(shown.columns) if column.key == key)
    return [row[at].text for row in shown.rows]


@pytest.fixture(scope="module")
def zh(full: Evaluation) -> Content:
    return bulletin(full, "zh")


@pytest.fixture(scope="module")
def en(full: Evaluation) -> Content:
    return bulletin(full, "en")


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    zh, en = CATALOGUES["zh"], CATALOGUES["en"]
    assert set(zh) == set(en)
    only_in_english = {"month"}

    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key in zh:
        assert fields(zh[key]) ^ fields(en[key]) <= only_in_english | {"n"}, key
        assert fields(en[key]) >= fields(zh[key]) - {"n"}, key


def test_every_word_stands_in_one_part_of_the_catalogue_only() -> None:
    keys = [key for zh, _ in labels.PARTS for key in zh]
    assert sorted(keys) == sorted(set(keys))


def test_no_word_of_the_catalogue_is_idle() -> None:
    package = Path(labels.__file__).parent
    sources = [path for path in package.glob("*.py") if not path.name.startswith("words_")]
    text = "".join(path.read_text("utf-8") for path in sources)
    for key in CATALOGUES["zh"]:
        by_name = f'"{key}"' in text or f"'{key}'" in text
        # A key that data choose: words(f"column.{key}").
        by_kind = f'"{key.rpartition(".")[0]}.{{' in text
        assert by_name or by_kind, key


@pytest.mark.parametrize(
    ("label", "zh", "number", "en"),
    [
        ("2022", "2022年", "2022年度", "the year 2022"),
        ("2011-Q4", "2011年第4季度", "2011年第4季度", "quarter 4 of 2011"),
        (
            "2022-01-05..2022-02-04",
            "2022年1月5日至2022年2月4日",
            "2022-01-05..2022-02-04",
            "5 January 2022 to 4 February 2022",
        ),
    ],
)
def test_periods_of_every_kind_are_put_in_words(
    tiny: Evaluation, label: str, zh: str, number: str, en: str
) -> None:
    period = parse_period(label, MonthRule(ZoneInfo("Asia/Shanghai")))
    changed = replace(tiny, period=period)
    assert bulletin(changed, "zh").title == f"关于{zh}接诉即办工作情况的通报"
    assert bulletin(changed, "zh").number == number
    assert bulletin(changed, "en").title == f"How residents’ demands were answered: {en}"


def test_a_period_that_begins_at_noon_is_put_in_words(tiny: Evaluation) -> None:
    rule = MonthRule(ZoneInfo("Asia/Shanghai"), 19, 12, True)
    made = bulletin(replace(tiny, period=parse_period("2022-02", rule)), "zh")
    assert "2022年1月19日12时至2022年2月19日12时" in words_of(made)


def test_an_evaluation_without_any_ranked_unit_still_makes_a_bulletin(tiny: Evaluation) -> None:
    group = tiny.groups[0]
    units = tuple(
        replace(unit, rank=None, score=None, apart="too_few", within_chance=None)
        for unit in group.units
    )
    empty = replace(group, n_ranked=0, units=units, mean_of_units=None, funnel=None)
    lists = tuple(replace(named, available=False, units=()) for named in tiny.lists)
    made = bulletin(replace(tiny, groups=(empty,), lists=lists), "zh")
    text = words_of(made)
    assert "本组没有单位参加排名。" in text
    assert "另有4个单位单列，不参加排名：基数不足4个。" in text
    assert column(table(made, "apart_all"), "reason") == ["基数不足"] * 4


def test_an_evaluation_without_groups_still_makes_a_bulletin(tiny: Evaluation) -> None:
    made = bulletin(replace(tiny, groups=(), lists=()), "en")
    assert [section.title for section in made.sections] == ["1. Overall"]
    assert made.recipients == "To: all responsible units"


def test_notes_on_the_input_stand_in_the_text(tiny: Evaluation) -> None:
    notes = (
        ("running", {"as_of": "2011-09-01 12:00"}),
        ("previous_partial", {"period": "2011-06", "first": "2011-06-12"}),
    )
    text = words_of(bulletin(replace(tiny, notes=notes), "zh"))
    assert "本期尚未结束，以上为截至2011-09-01 12:00的阶段性结果" in text
    assert "上期（2011年6月）的数据自2011-06-12起，不完整" in text


def test_groups_with_weights_of_their_own_are_each_explained(full: Evaluation) -> None:
    own = {
        "response": Fraction(1, 5),
        "resolution": Fraction(2, 5),
        "satisfaction": Fraction(2, 5),
    }
    rules = full.policy.groups
    policy = replace(full.policy, groups=(replace(rules[0], weights=own), *rules[1:]))
    made = bulletin(replace(full, policy=policy), "zh")
    facts = dict(made.provenance)
    assert facts["评分权重"] == "响应率 0.10、解决率 0.50、满意率 0.40"
    assert facts["评分权重（街道乡镇）"] == "响应率 0.20、解决率 0.40、满意率 0.40"
    formula = "综合评分（街道乡镇）=（0.20 × 响应率 + 0.40 × 解决率 + 0.40 × 满意率）× 100"
    assert formula in words_of(made)


def test_a_language_that_there_is_not_is_refused(tiny: Evaluation) -> None:
    with pytest.raises(ValueError, match="zh, en"):
        bulletin(tiny, "fr")


def test_the_first_page_names_city_number_title_and_readers(zh: Content, en: Content) -> None:
    assert zh.masthead == "北京市接诉即办工作通报"
    assert zh.number == "2022年第2期"
    assert zh.title == "关于2022年2月接诉即办工作情况的通报"
    assert zh.recipients == "各街道乡镇、各区、各市级部门、各国有企业："
    assert zh.signed_on == "2022年2月28日"
    assert en.masthead == "Beijing · Bulletin on Residents’ Demands"
    assert en.number == "No. 2 of 2022"
    assert en.title == "How residents’ demands were answered: February 2022"


def test_an_imprint_replaces_office_number_and_recipients(tiny: Evaluation) -> None:
    made = bulletin(tiny, "zh", Imprint("某办公室", "某办〔2022〕2号", "各单位："))
    assert (made.office, made.number, made.recipients) == (
        "某办公室",
        "某办〔2022〕2号",
        "各单位：",
    )


def test_sections_follow_the_groups_and_are_numbered(zh: Content, en: Content) -> None:
    titles = ["一、总体情况", "二、街道乡镇", "三、区", "四、市级部门", "五、国有企业"]
    assert [section.title for section in zh.sections] == titles
    assert en.sections[1].title == "2. Streets and townships"
    assert [annex.label for annex in zh.annexes] == [f"附件{n}" for n in range(1, 6)]


def test_the_overall_section_gives_period_volume_change_and_both_versions(zh: Content) -> None:
    text = words_of(zh)
    assert "统计时段为2022年1月19日0时至2022年2月18日24时（Asia/Shanghai）" in text
    assert "数据截至2022年2月28日9时30分" in text
    # 234,567 - 230,000 = 4,567; 4,567 / 230,000 = 1.9857 %
    assert "期内共受理诉求234,567件，比上期（2022年1月）增加4,567件，上升2.0%。" in text
    assert "其中剔除4,567件（1.95%）。" in text
    # 198,000, 180,000 and 177,000 of 200,000: 9.9 + 45.0 + 35.4 = 90.3
    rates = "响应率99.00%、解决率90.00%、满意率88.50%，综合评分90.3分"
    assert f"按不含剔除口径合并计算，全市{rates}。" in text
    # of 204,000: 97.0588, 88.2353, 86.7647 -> 88.529
    assert "按含剔除口径，响应率97.06%、解决率88.24%、满意率86.76%，综合评分88.5分。" in text
    totals = table(zh, "totals")
    assert column(totals, "without") == ["99.00%", "90.00%", "88.50%", "90.3"]
    assert column(totals, "with") == ["97.06%", "88.24%", "86.76%", "88.5"]


def test_units_tied_first_are_all_named_with_their_district(zh: Content, full: Evaluation) -> None:
    street = full.groups[0]
    tied = [unit for unit in street.units if unit.rank == 1]
    text = words_of(zh)
    assert len(tied) == 12
    for unit in tied:
        district = next(u.name for u in full.groups[1].units if u.unit == unit.parent)
        assert f"{district}{unit.name}" in text
    assert "综合评分均为100.0分，并列第一，共12个。" in text


def test_one_unit_at_the_top_is_not_called_tied(full: Evaluation) -> None:
    lists = tuple(
        replace(named, units=named.units[:1]) if named.kind == "tied_first" else named
        for named in full.lists
    )
    text = words_of(bulletin(replace(full, lists=lists), "zh"))
    assert "综合评分100.0分，列第一，无并列。" in text


def test_the_bottom_ten_are_named_in_order_with_score_and_rank(
    zh: Content, full: Evaluation
) -> None:
    last = [unit for unit in full.groups[0].units if unit.rank is not None][-10:]
    shown = table(zh, "list_s2")
    assert column(shown, "rank") == [str(unit.rank) for unit in last]
    assert column(shown, "score") == [str(unit.score) for unit in last]
    assert f"（{last[-1].score}分，" in words_of(zh)
    assert "并列第340名" in words_of(zh)


def test_a_list_without_data_says_so(zh: Content, en: Content) -> None:
    assert "本期未提供该项数据，暂不点名。" in words_of(zh)
    assert "The data for this list were not supplied" in words_of(en)


def test_nothing_is_said_of_change_without_a_previous_period(tiny: Evaluation) -> None:
    made = bulletin(tiny, "zh")
    text = words_of(made)
    assert "没有可比的上期结果，本期不列。" in text
    assert "比上期" not in text
    assert "环比" not in text
    keys = {column.key for shown in tables_of(made) for column in shown.columns}
    assert not keys & {"previous_rank", "change", "previous_score"}


def test_the_ranking_has_a_row_for_each_ranked_unit_and_the_rest_stand_apart(
    zh: Content, full: Evaluation
) -> None:
    for group in full.groups:
        shown = table(zh, f"ranking_{group.key}")
        assert len(shown.rows) == group.n_ranked
        ranks = [str(unit.rank) for unit in group.units if unit.rank is not None]
        assert column(shown, "rank") == ranks
    apart = table(zh, "apart_street")
    assert column(apart, "reason") == ["期内没有诉求", "期内没有诉求"]
    assert column(apart, "response") == ["—", "—"]


def test_a_rate_is_shown_in_percent_and_kept_in_six_places(zh: Content, full: Evaluation) -> None:
    unit = full.groups[1].units[0]
    rate = unit.figures.rates["resolution"]
    shown = table(zh, "ranking_district")
    at = next(i for i, column in enumerate(shown.columns) if column.key == "resolution")
    cell = shown.rows[0][at]
    exact = Fraction(rate.part, rate.whole)
    assert cell.text == f"{float(exact) * 100:.2f}"
    assert cell.value == Decimal(f"{float(exact):.6f}")


def test_columns_without_data_are_left_out(tiny: Evaluation, full: Evaluation) -> None:
    keys = [column.key for column in table(bulletin(tiny, "en"), "ranking_all").columns]
    assert {"median", "p90"} <= set(keys)
    assert "per_10000" not in keys
    keys = [column.key for column in table(bulletin(full, "en"), "ranking_street").columns]
    assert "median" not in keys
    assert "per_10000" in keys


def test_bonus_and_deduction_are_listed_apart_with_reason_and_approval(
    tiny: Evaluation,
) -> None:
    group = tiny.groups[0]
    unit = replace(
        group.units[0], adjustments=(Adjustment(Decimal("-1.5"), "迟报", "会议纪要1号"),)
    )
    changed: Group = replace(group, units=(unit, *group.units[1:]))
    made = bulletin(replace(tiny, groups=(changed,)), "zh")
    rows = [[cell.text for cell in row] for row in table(made, "adjustments_all").rows]
    assert rows == [[unit.name, "−1.5", "迟报", "会议纪要1号"]]
    assert "base_score" in [c.key for c in table(made, "ranking_all").columns]


def test_the_method_is_written_from_the_policy(zh: Content, en: Content) -> None:
    text = words_of(zh)
    assert "满意率 = （满意 + 0.9 × 基本满意） ÷ 有效回访" in text
    assert "综合评分 =（0.10 × 响应率 + 0.50 × 解决率 + 0.40 × 满意率）× 100" in text
    assert "置信水平95%" in text
    assert "(satisfied + 0.9 × fairly satisfied) ÷ valid call-backs" in words_of(en)


def test_every_document_tells_where_its_figures_come_from(zh: Content, full: Evaluation) -> None:
    facts = dict(zh.provenance)
    assert facts["办法摘要（SHA-256）"] == full.policy.digest
    assert facts["输入摘要（SHA-256）"] == full.input.digest
    assert facts["输入行数"] == "采用987,654，退回12，重复345，共988,011"
    assert facts["评分权重"] == "响应率 0.10、解决率 0.50、满意率 0.40"
    assert facts["数据性质"] == "合成数据 · 演示"
    assert any(isinstance(block, Facts) for block in zh.annexes[-1].blocks)
    assert full.policy.digest[:12] in "".join(zh.essence)
    assert full.input.digest[:12] in "".join(zh.essence)


def test_only_synthetic_data_are_marked(zh: Content, en: Content, tiny: Evaluation) -> None:
    assert zh.mark == "合成数据 · 演示"
    assert en.mark == "Synthetic data · demonstration"
    assert bulletin(tiny, "zh").mark == ""


def test_a_note_that_is_not_in_the_catalogue_is_shown_as_it_stands(zh: Content) -> None:
    assert ("说明", "lines_skipped: n 3") in zh.provenance


def test_tables_and_figures_are_numbered_through(zh: Content) -> None:
    shown = [b for s in zh.sections for b in s.blocks if isinstance(b, Table)]
    assert [t.caption.split("　")[0] for t in shown] == [f"表{n}" for n in range(1, len(shown) + 1)]
    figures = [b for s in zh.sections for b in s.blocks if isinstance(b, Figure)]
    assert [f.caption.split("　")[0] for f in figures] == [
        f"图{n}" for n in range(1, len(figures) + 1)
    ]


def test_control_and_direction_characters_are_taken_out_of_names() -> None:
    assert clean("a\x00b\u202ec\nd\t e") == "a b c d e"
    assert clean("x" * 100) == "x" * 79 + "…"


def test_numbers_are_written_with_sign_and_half_up() -> None:
    assert signed(Decimal("-0.5")) == "−0.5"
    assert signed(Decimal("0.0")) == "0.0"
    assert signed(12345) == "+12,345"
    assert percent(Fraction(1, 8), 0) == "13%"
    assert percent(Fraction(12345, 1_000_000)) == "1.23%"
    assert plain(Fraction(9, 10)) == "0.9"
    assert plain(Fraction(1, 3)) == "1/3"


@pytest.mark.parametrize(
    ("n", "text"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (34, "三十四"), (100, "100")]
)
def test_headings_count_in_chinese_numerals(n: int, text: str) -> None:
    assert chinese_number(n) == text
