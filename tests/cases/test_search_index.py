"""The index of words follows the cases, exactly, whatever interrupts it."""

import os

import pytest

from jiesu.cases import search_index
from jiesu.cases.jobs import More
from jiesu.cases.models import Case, CasePrivate, SearchTerm
from jiesu.cases.privacy import vault
from jiesu.cases.privacy.keys import ring_text, rotated
from jiesu.cases.privacy.personal import term_hashes
from jiesu.cases.privacy.vault import Person, ring
from jiesu.cases.search import Search, index_terms, newest_cases
from jiesu.cases.search_index import index_cases, index_job, rebuild_index, remove_terms
from tests.cases.cast import ELEVATOR, NOW, City

ELSE = {"title": "电梯停运", "body": "3号楼 LIFT 坏了", "person": Person()}


def held() -> set[tuple[int, int]]:
    return set(SearchTerm.objects.values_list("case_id", "term"))


def expected(case: Case, title: str, body: str) -> set[tuple[int, int]]:
    return {(case.pk, term) for term in term_hashes(ring(), index_terms(title, body))}


def found(city: City, words: str) -> list[str]:
    return [case.number for case in newest_cases(city.operator, Search(words=words)).cases]


def test_the_index_holds_exactly_the_terms_of_the_texts(city: City) -> None:
    first, second = city.received(), city.received(ELEVATOR, **ELSE)
    assert held() == set()
    done = index_cases()
    assert (done.n_cases, done.more) == (2, False)
    whole = expected(first, "停车费", "小区地面停车费突然上涨") | expected(
        second, "电梯停运", "3号楼 LIFT 坏了"
    )
    assert held() == whole
    assert done.n_terms == len(whole)
    assert index_cases().n_cases == 0
    assert found(city, "上涨") == [first.number]
    assert found(city, "lift") == [second.number]


def test_a_rebuilt_index_is_the_same(city: City) -> None:
    city.received()
    city.received(ELEVATOR, **ELSE)
    index_cases()
    before = held()
    assert rebuild_index() == 2
    assert held() == before
    assert index_cases(batch=1).n_cases == 2
    assert held() == before


def test_a_run_that_is_killed_leaves_nothing_half_done(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = city.received()
    insert = search_index._insert

    def killed(pairs: list[tuple[int, int]]) -> None:
        insert(pairs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(search_index, "_insert", killed)
        with pytest.raises(KeyboardInterrupt):
            index_cases()
    assert held() == set()
    assert index_cases().n_cases == 1
    assert held() == expected(case, "停车费", "小区地面停车费突然上涨")


def test_the_terms_of_a_text_go_with_it(city: City) -> None:
    case, other = city.received(), city.received(ELEVATOR, new_facts=True)
    index_cases()
    remove_terms(case, "停车费", "小区地面停车费突然上涨")
    assert {pk for pk, _ in held()} == {other.pk}


def test_after_a_rotation_a_case_has_its_terms_under_one_key_only(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = city.received()
    index_cases()
    old = held()
    monkeypatch.setitem(os.environ, "JIESU_KEYS", ring_text(rotated(ring(), "hash", NOW)))
    vault.forget_keys()
    assert found(city, "上涨") == [case.number]
    rebuild_index()
    index_cases()
    assert held() == expected(case, "停车费", "小区地面停车费突然上涨")
    assert held().isdisjoint(old)
    assert found(city, "上涨") == [case.number]
    remove_terms(case, "停车费", "小区地面停车费突然上涨")
    assert held() == set()


def test_a_text_that_does_not_open_stops_no_other(
    city: City, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = city.received(), city.received(ELEVATOR, **ELSE)
    CasePrivate.objects.filter(case=broken).update(text=b"\x01\x02e1" + bytes(40))
    assert index_cases().n_cases == 2
    assert {pk for pk, _ in held()} == {whole.pk}
    assert broken.number in caplog.text


def test_the_job_says_how_much_it_did_and_whether_there_is_more(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.received()
    city.received(ELEVATOR, new_facts=True)
    monkeypatch.setattr(search_index, "SECONDS", -1.0)
    monkeypatch.setattr(search_index, "BATCH", 1)
    monkeypatch.setattr(index_cases, "__kwdefaults__", {"batch": 1, "seconds": None})
    assert isinstance(index_job(NOW), More)
    index_job(NOW)
    note = index_job(NOW)
    assert not isinstance(note, More)
    assert note == "0 cases, 0 terms"
