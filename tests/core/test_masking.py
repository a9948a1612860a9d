"""Masks never show more than the page states; one person has one form."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.masking import (
    MASK,
    mask_digits_in,
    masked_address,
    masked_name,
    masked_phone,
    masked_text,
    normal_name,
    normal_phone,
)
from tests.core.pages import table

anything = st.text(max_size=40)
like_phones = st.text("0123456789８ -+()转xX/#.\u200b86", max_size=24)
signs = st.sampled_from(["", " ", "-", " - ", "—", ".", "\u200b", "（", "　"])


def digits_of(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())


@pytest.mark.parametrize(
    ("written", "normal", "masked"),
    [
        ("13800000000", "13800000000", "138****0000"),
        ("１３８ ００００ ００００", "13800000000", "138****0000"),
        ("+86 138-0000-0000", "13800000000", "138****0000"),
        ("+8613800000000", "13800000000", "138****0000"),
        ("8613800000000", "13800000000", "138****0000"),
        ("0086 138 0000 0000", "13800000000", "138****0000"),
        ("013800000000", "13800000000", "138****0000"),
        ("138\u200b0000\u200b0000", "13800000000", "138****0000"),
        ("电话：13800000000（张先生）", "13800000000", "138****0000"),
        ("13800000000/13900000000", "13800000000", "138****0000"),
        ("13800000000-123", "13800000000x123", "138****0000"),
        ("13800000000转123", "13800000000x123", "138****0000"),
        ("138 0000 0000 ext. 5", "13800000000x5", "138****0000"),
        ("010-62345678", "01062345678", "010****5678"),
        ("（010）6234 5678", "01062345678", "010****5678"),
        ("+86 10 6234 5678", "01062345678", "010****5678"),
        ("010-62345678-801", "01062345678x801", "010****5678"),
        ("010-62345678 分机 801", "01062345678x801", "010****5678"),
        ("0755-8888-1234", "075588881234", "0755****1234"),
        ("0471 6234567", "04716234567", "0471****567"),
        ("62345678", "62345678", "****5678"),
        ("6234567", "6234567", "****567"),
        ("400-123-4567", "4001234567", "****4567"),
        ("+1 415 555 0100", "+14155550100", "****0100"),
        ("001 415 555 0100", "+14155550100", "****0100"),
        ("12345", "12345", "****"),
        ("110", "110", "****"),
        ("11010519900101123X", "11010519900101123", "****"),
        ("不详", "", "****"),
        ("", "", ""),
        ("  ", "", ""),
    ],
)
def test_a_phone_has_one_form_and_a_mask(written: str, normal: str, masked: str) -> None:
    assert normal_phone(written) == normal
    assert masked_phone(written) == masked


@given(anything | like_phones)
def test_a_masked_phone_hides_at_least_four_digits_and_shows_at_most_eight(phone: str) -> None:
    number, masked = normal_phone(phone).partition("x")[0], masked_phone(phone)
    assert MASK in masked or not phone.strip()
    before, _, after = masked.partition(MASK)
    assert len(before) <= 4
    assert len(after) <= 4
    assert number.removeprefix("+").startswith(before)
    assert number.endswith(after)
    if masked not in ("", MASK):
        assert len(digits_of(number)) - len(before) - len(after) >= 4


@given(anything | like_phones)
def test_a_phone_in_its_one_form_keeps_it(phone: str) -> None:
    normal = normal_phone(phone)
    assert normal_phone(normal) == normal
    assert re.fullmatch(r"(\+?[0-9]+(x[0-9]+)?)?", normal)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.lists(signs, min_size=11, max_size=11))
def test_signs_between_the_digits_of_a_mobile_number_make_no_difference(
    number: str, between: list[str]
) -> None:
    # A dash before the last five digits or fewer would be one before an extension.
    written = "".join(
        digit + ("" if at in (0, 10) else sign)
        for at, (digit, sign) in enumerate(zip(number, between, strict=True))
    )
    assert normal_phone(written) == normal_phone("+86" + written) == number


@pytest.mark.parametrize(
    ("written", "normal", "masked"),
    [
        ("张三", "张三", "张**"),
        (" 张 三 ", "张三", "张**"),
        ("张三先生", "张三", "张**"),
        ("张三（女士）", "张三", "张**"),
        ("王老师", "王", "王**"),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提", "阿**"),
        ("阿卜杜拉•买买提", "阿卜杜拉买买提", "阿**"),
        ("Ｍr. Alice SMITH", "alicesmith", "M**"),
        ("Alice Smith", "alicesmith", "A**"),
        ("李", "李", "**"),
        ("女士", "", "女**"),
        ("", "", ""),
    ],
)
def test_a_name_has_one_form_and_a_mask(written: str, normal: str, masked: str) -> None:
    assert normal_name(written) == normal
    assert masked_name(written) == masked


@given(anything)
def test_a_masked_name_shows_at_most_its_first_character(name: str) -> None:
    masked = masked_name(name)
    assert masked == "" or (masked.endswith("**") and len(masked) <= 3)
    if len(masked) == 3:
        assert masked[0] in unicodedata.normalize("NFKC", name)


@given(anything | st.text("张三先生女士(（)mr. MS·", max_size=12))
def test_a_name_in_its_one_form_keeps_it(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("北京市朝阳区八里庄街道1号", "北京市朝阳区****"),
        ("幸福小区3号楼2单元501", "幸福小区****"),
        ("朝阳区", "朝****"),
        ("甜水园12号", "甜水园****"),
        ("3号楼", "****"),
        ("", ""),
    ],
)
def test_an_address_shows_its_beginning(written: str, masked: str) -> None:
    assert masked_address(written) == masked


@given(anything)
def test_a_masked_address_shows_at_most_six_characters_and_half_and_no_digit(address: str) -> None:
    masked = masked_address(address)
    shown = masked.removesuffix(MASK)
    text = "".join(unicodedata.normalize("NFKC", address).split())
    assert len(shown) <= 6
    assert 2 * len(shown) <= len(text)
    assert digits_of(shown) == ""


def test_a_masked_text_tells_only_that_there_is_one() -> None:
    assert masked_text("停水三天，电话13800000000") == masked_text("a") == MASK
    assert masked_text(" ") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电话13800000000，2022-02-07停水", "电话****，2022-02-07停水"),
        (
            "2022-02-07 09:12来电，2022/2/7、2022.02.07",
            "2022-02-07 09:12来电，2022/2/7、2022.02.07",
        ),
        ("2022-02-07 13800000000", "2022-02-07 ****"),
        ("身份证11010519900101123X。", "身份证****。"),
        ("110105 1990-01-01 123x", "****"),
        ("邮箱a.b@c.com，张三＠x.cn", "邮箱****，张三＠x.cn"),
        ("13800000000@139.com", "****"),
        ("卡号6222 0200 1111 2222 333", "卡号****"),
        ("一三八零零零零零零零零", "****"),
        ("幺三八0000 0000", "****"),
        ("１３８００００００００", "****"),
        ("010-62345678转801", "****转801"),
        ("5号楼2单元501，12345热线，QQ 123456", "5号楼2单元501，12345热线，QQ 123456"),
        ("护照E12345678", "护照E****"),
        ("300\n400\n500", "300\n400\n500"),
        ("", ""),
    ],
)
def test_numbers_and_mails_in_a_text_are_blanked(text: str, expected: str) -> None:
    assert mask_digits_in(text) == expected


@given(anything, st.from_regex(r"[0-9]{7,20}", fullmatch=True), signs, anything)
def test_no_long_number_stays_in_a_text(before: str, number: str, sign: str, after: str) -> None:
    masked = mask_digits_in(f"{before}电{sign.join(number)}话{after}")
    assert re.search(r"\d{7}", masked) is None
    assert "电****话" in masked


@given(st.text("0123456789-/. 　\u200bX电@a", max_size=60))
def test_no_number_of_seven_digits_stays_whatever_stands_around_it(text: str) -> None:
    masked = mask_digits_in(text)
    without_dates = re.sub(r"(19|20)\d\d([-./])\d{1,2}\2\d{1,2}", "日", masked)
    assert re.search(r"\d([-/. 　\u200b]?\d){6}", without_dates.replace("/", "，")) is None
    assert re.search(r"a@a", masked) is None


def test_a_long_text_of_near_misses_takes_no_long_time() -> None:
    # A pattern that tries all ways would take hours here.
    for piece in ("1 - ", "a.", "a@", "1234-", "2022-02-", "一"):
        assert re.search(r"[\d一]{7}", mask_digits_in(piece * 20_000)) is None


def test_the_masks_of_the_page() -> None:
    rows = table("../personal-data", "written", "mask")
    assert len(rows) == 7
    assert [masked_phone(row["written"]) for row in rows] == [row["mask"] for row in rows]
