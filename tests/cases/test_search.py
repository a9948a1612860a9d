"""The newest cases that match: what a plain list says, on any page, for each role; their plans."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from django.db import connection
from hypothesis import strategies as st

from jiesu.cases import repeats
from jiesu.cases import search as search_module
from jiesu.cases.actions.intake import receive_case
from jiesu.cases.actions.objections import consult_units
from jiesu.cases.actor import Actor
from jiesu.cases.models import Callback, Case, CasePrivate, Role, SearchTerm, User
from jiesu.cases.privacy.personal import term_hashes
from jiesu.cases.privacy.vault import Person, caller_hash, name_hash, private_of, ring, text_of
from jiesu.cases.queries import MarkName, QueueKey, marked_queue, unit_queue
from jiesu.cases.refusals import Forbidden, Invalid
from jiesu.cases.rulebook import rulebook
from jiesu.cases.scopes import visible_cases
from jiesu.cases.search import Search, index_terms, newest_cases, search_text
from jiesu.cases.search_index import index_cases
from jiesu.cases.sqlite_statistics import STATISTICS
from jiesu.core.terms import contains
from tests.cases.cast import CATEGORIES, DEMAND, LIGHTS, NOW, City

PHONES = ("13800000000", "13800000001", "13900000002")
NAMES = ("张三", "李四", "王五")
TEXTS = (
    ("停车费", "小区地面停车费突然上涨"), ("电梯", "3号楼电梯停运"), ("停车", "消防通道停车"),
    ("", "暖气不热，室温12度"), ("车费", "停车场的车费太高"), ("LIFT", "lift is broken 2012"),
)  # fmt: skip
PLACES = ("110101001", "110101002", "110102001")
WORDS = ("停车", "停车费", "车费", "电梯停运", "12", "lift", "停车 上涨", "小区", "没有的词")


def pages(actor: Actor, search: Search, limit: int = 20) -> list[int]:
    """All that is found, page after page; `before` falls, or there is none."""
    keys: list[int] = []
    before: int | None = None
    while True:
        found = newest_cases(actor, search, before=before, limit=limit)
        assert len(found.cases) <= limit
        keys += [case.pk for case in found.cases]
        if found.before is None:
            return keys
        assert before is None or found.before < before
        before = found.before


def filled(city: City) -> list[Case]:
    """Forty cases of all kinds, whose words are indexed."""
    cases = []
    for n in range(40):
        title, body = TEXTS[n % len(TEXTS)]
        demand = replace(
            DEMAND,
            title=title,
            body=body,
            person=Person(name=NAMES[n % 3], phone=PHONES[n * 7 % 3]),
            category=CATEGORIES[n * 3 % len(CATEGORIES)],
            place=PLACES[n % 3],
            community="110101001001" if n % 6 == 0 else "",
            new_facts=True,
        )
        at = NOW + n * timedelta(hours=5)
        cases.append(receive_case(demand, by=city.operator, as_of=at).case)
    index_cases()
    return list(Case.objects.select_related("private", "unit", "place__parent", "community"))


def matches(case: Case, search: Search) -> bool:
    """The search in plain Python."""
    place = [one.code for one in (case.place, case.community) if one is not None]
    if case.place is not None and case.place.parent is not None:
        place.append(case.place.parent.code)
    text = search_text(*text_of(case, case.private))
    return (
        search.number in ("", case.number)
        and (not search.phone or case.caller == caller_hash(search.phone))
        and (not search.name or case.private.name_hash == name_hash(search.name))
        and (not search.words or contains(text, search.words))
        and (not search.place or search.place in place)
        and search.category_1 in ("", case.category_1)
        and search.category_2 in ("", case.category_2)
        and search.category_3 in ("", case.category_3)
        and search.state in ("", case.state)
        and (not search.unit or (case.unit is not None and case.unit.code == search.unit))
        and (search.created_from is None or case.created_at >= search.created_from)
        and (search.created_to is None or case.created_at < search.created_to)
    )


def some(*values: str) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.sampled_from(values))


MOMENTS = st.one_of(st.none(), st.integers(-5, 45).map(lambda n: NOW + n * timedelta(hours=5)))
SEARCHES = st.builds(
    Search,
    phone=some(*PHONES, "13700000009", "x"),
    name=some(*NAMES, "赵六"),
    words=some(*WORDS),
    place=some(*PLACES, "110101", "110101001001", "999"),
    category_1=some("住房", "供暖", "无"),
    category_2=some("物业管理"),
    category_3=some("停车收费", "电梯故障"),
    state=some("dispatched", "classified", "closed"),
    unit=some("110101001", "110101", "E01", "999"),
    created_from=MOMENTS,
    created_to=MOMENTS,
)


def test_a_search_finds_what_a_plain_list_holds_page_by_page(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = filled(city)
    # So small that walks are cut, go on, and are chosen by how rare they are.
    monkeypatch.setattr(search_module, "MOST_LOOKED", 7)
    monkeypatch.setattr(search_module, "RARITY", 3)
    actors = (city.operator, city.clerk, city.coordinator, city.enterprise)
    seen = {actor.name: set(visible_cases(actor).values_list("pk", flat=True)) for actor in actors}

    @hypothesis.settings(max_examples=80)
    @hypothesis.given(SEARCHES, st.sampled_from(actors), st.integers(1, 9))
    def check(search: Search, actor: Actor, limit: int) -> None:
        expected = [
            case.pk
            for case in sorted(cases, key=lambda case: -case.pk)
            if case.pk in seen[actor.name] and matches(case, search)
        ]
        assert pages(actor, search, limit) == expected

    check()


def test_a_case_is_found_by_its_number_whole_phone_name_and_two_characters(city: City) -> None:
    cases = filled(city)
    one = cases[0]
    assert pages(city.operator, Search(number=one.number)) == [one.pk]
    for search in (
        Search(phone="+86 138-0000-0000"), Search(name="张三"), Search(words="上涨"),
    ):  # fmt: skip
        expected = [case.pk for case in cases if matches(case, search)]
        assert pages(city.operator, search) == expected
        assert expected
    assert pages(city.operator, Search(phone="1380000000")) == []


def test_words_are_found_in_the_text_and_not_by_their_pairs_alone(city: City) -> None:
    # 停车 and 车费 both stand in the text, 停车费 does not.
    filled(city)
    apart = Search(words="停车费", category_1="")
    bodies = [text_of(one, one.private)[1] for one in Case.objects.select_related("private")]
    assert any("停车场的车费" in body for body in bodies)
    found = newest_cases(city.operator, apart).cases
    assert all("停车费" in search_text(*text_of(case, case.private)) for case in found)


def test_words_do_not_reach_from_the_title_into_the_body(city: City) -> None:
    city.received(title="电梯停", body="运三天了")
    index_cases()
    assert pages(city.operator, Search(words="停运")) == []
    assert len(pages(city.operator, Search(words="电梯停"))) == 1


def test_a_single_character_or_signs_alone_are_refused(city: City) -> None:
    for words in ("停", "？！", " "):
        with pytest.raises(Invalid, match="two Chinese characters"):
            newest_cases(city.operator, Search(words=words))


def test_a_text_that_does_not_open_is_not_found_and_hinders_no_search(city: City) -> None:
    broken, whole = city.received(), city.received(new_facts=True)
    index_cases()
    CasePrivate.objects.filter(case=broken).update(text=b"\x01\x01x" + b"0" * 40)
    assert pages(city.operator, Search(words="上涨")) == [whole.pk]


def test_who_a_confidential_caller_is_cannot_be_found_out_by_searching(city: City) -> None:
    case = city.received(confidential=True, person=Person(name=NAMES[0], phone=PHONES[0]))
    open_case = city.received(new_facts=True, person=Person(name=NAMES[0], phone=PHONES[0]))
    for search in (Search(phone=PHONES[0]), Search(name=NAMES[0])):
        for actor in (city.clerk, city.head, city.coordinator, city.operator, city.leader):
            assert pages(actor, search) == [open_case.pk]
        for actor in (city.dispatcher, city.caller):
            assert pages(actor, search) == [open_case.pk, case.pk]
    assert pages(city.clerk, Search(number=case.number)) == [case.pk]


def test_words_are_no_way_around_a_text_that_may_not_be_read(city: City) -> None:
    case = city.received(LIGHTS)
    consult_units(case_id=case.pk, units=("D02",), question="?", by=city.dispatcher, as_of=NOW)
    index_cases()
    consulted = Actor.of(User.objects.create_user("d02", role=Role.CLERK, unit=city.unit["D02"]))
    portal = Actor.of(User.objects.create_user("portal", role=Role.CLIENT))
    for actor in (city.leader, city.auditor, city.administrator, portal):
        with pytest.raises(Forbidden, match="leave the words out"):
            newest_cases(actor, Search(words="停车"))
        newest_cases(actor, Search(number=case.number))
    # It sees the case, and may not read its text.
    assert pages(consulted, Search()) == [case.pk]
    assert pages(consulted, Search(words="停车")) == []
    assert pages(city.dispatcher, Search(words="停车")) == [case.pk]


def test_a_number_in_a_confidential_text_finds_it_for_nobody_who_may_not_see_it(city: City) -> None:
    case = city.received(confidential=True, body="停车费太高，请打13900000009")
    index_cases()
    assert pages(city.operator, Search(words="停车")) == [case.pk]
    assert pages(city.operator, Search(words="13900000009")) == []
    assert pages(city.dispatcher, Search(words="13900000009")) == [case.pk]


def test_units_find_what_they_are_consulted_on_and_residents_nothing(city: City) -> None:
    case = city.received(LIGHTS)
    consult_units(case_id=case.pk, units=("D02",), question="?", by=city.dispatcher, as_of=NOW)
    user = User.objects.create_user("d02", role=Role.CLERK, unit=city.unit["D02"])
    assert pages(Actor.of(user), Search()) == [case.pk]
    assert pages(city.other_clerk, Search()) == []
    assert pages(Actor.resident(), Search()) == []


def test_a_program_finds_what_it_brought_in_and_no_more(city: City) -> None:
    portal = Actor.of(User.objects.create_user("portal", role=Role.CLIENT))
    city.received()
    mine = receive_case(DEMAND, by=portal, as_of=NOW).case
    assert pages(portal, Search()) == [mine.pk]
    assert pages(portal, Search(place="110101001")) == [mine.pk]


N_MANY = 8_000
BIG = "cases_(case|caseprivate|searchterm|callback)"


def crowded(city: City) -> None:
    """Many cases, so that the database's choice of a plan says something."""
    first = city.received()
    index_cases()
    units = [city.unit[code] for code in ("110101001", "110101002", "110102001", "D01", "E01")]
    states = ("closed", "closed", "closed", "dispatched", "signed", "in_progress", "archived")
    cases = [
        Case(
            number=f"x{n}",
            state=states[n % 7],
            channel="phone",
            kind="complaint",
            category_1=CATEGORIES[n % 5][0],
            category_2=CATEGORIES[n % 5][1],
            category_3=CATEGORIES[n % 5][2],
            place_id=first.place_id if n % 40 == 0 else None,
            caller=caller_hash(f"138{n // 4:08}"),
            created_at=NOW + n * timedelta(minutes=1),
            unit=units[n % 5],
            rules_id=first.rules_id,
            calendar_id=first.calendar_id,
            urgent=n % 500 == 7,
            contact_due_at=NOW + n * timedelta(minutes=1),
            due_at=NOW + n * timedelta(minutes=9),
            exported=True,
            indexed=True,
        )
        for n in range(N_MANY)
    ]
    Case.objects.bulk_create(cases, batch_size=500)
    rows = list(Case.objects.filter(number__startswith="x").only("number"))
    keys = [row.pk for row in rows]
    Callback.objects.bulk_create(
        (
            Callback(
                case_id=key, round=1, unit=units[key % 5], state="done", due_at=NOW, next_at=NOW,
                ended_at=NOW,
            )
            for key in keys
            if key % 7 < 5
        ),
        batch_size=500,
    )  # fmt: skip
    text = ("停车费", "小区地面")
    CasePrivate.objects.bulk_create(
        (private_of(row, Person(name=f"某{row.pk // 3}"), *text) for row in rows), batch_size=500
    )
    hashes = term_hashes(ring(), index_terms(*text))
    SearchTerm.objects.bulk_create(
        (
            SearchTerm(term=term, case_id=key)
            for key in keys
            for place, term in enumerate(hashes)
            if key % (place + 2) == 0
        ),
        batch_size=400,
    )


@contextmanager
def explained(plans: list[tuple[str, str]]) -> Iterator[None]:
    """Add each SELECT that the block sends with how the database runs it, values bound as then."""
    sent: list[tuple[str, Any]] = []

    def note(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith("SELECT"):
            sent.append((sql, params))
        return run(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        for sql, params in sent:
            cursor.execute(f"{explain} {sql}", params)
            plans.append((sql, "\n".join(str(row[-1]) for row in cursor.fetchall())))


def looks_at_everything(sql: str, plan: str) -> bool:
    """Whether a plan reads a big table from end to end, or sorts all that it finds."""
    if connection.vendor == "sqlite":
        reads = re.search(rf"SCAN (\w+ AS )?{BIG}\b", plan)
        sorts = "TEMP B-TREE FOR ORDER" in plan
    else:
        reads = re.search(rf"Seq Scan on {BIG}\b", plan)
        # A handful of rows may be sorted, those of one phone number, and what is nearly all taken.
        taken = max([50, *(int(n) for n in re.findall(r"Limit +\(.*? rows=(\d+)", plan))])
        sorts = any(int(n) > 2 * taken for n in re.findall(r"Sort +\(.*? rows=(\d+)", plan))
    # What is merged of several short walks is sorted, and is short.
    return bool(reads) or (bool(sorts) and " LIMIT " in sql and "UNION ALL" not in sql)


def test_no_search_and_no_queue_reads_a_table_or_sorts_all_that_it_finds(city: City) -> None:
    crowded(city)
    if connection.vendor == "postgresql":
        # As the site's own does by itself; SQLite has what the migration gave it.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    plans: list[tuple[str, str]] = []
    searches = (
        Search(number="x77"), Search(phone="13800000077"), Search(name="某77"),
        Search(words="停车"), Search(words="停车费"), Search(words="小区 停车费"),
        Search(place="110101001"), Search(place="110101"), Search(category_1="住房"),
        Search(category_1="住房", category_2="物业管理", category_3="停车收费"),
        Search(state="signed"), Search(unit="D01"),
        Search(state="signed", place="110101001", words="小区", category_1="住房"),
        Search(created_from=NOW, created_to=NOW + timedelta(hours=2), state="signed"),
    )  # fmt: skip
    _, rules = rulebook().desk_on(NOW.date())
    first = Case.objects.first()
    with explained(plans):
        for search in searches:
            for actor in (city.operator, city.clerk, city.coordinator):
                found = newest_cases(actor, search)
                newest_cases(actor, search, before=found.before)
        for actor in (city.clerk, city.coordinator):
            page = unit_queue(actor, NOW)
            assert page.after is not None
            unit_queue(actor, NOW, after=page.after)
        for mark in MarkName:
            # By when the caller was due, what a unit has to work on is sorted: it is not much.
            bound = () if mark is MarkName.CONTACT_OVERDUE else (city.clerk, city.coordinator)
            for actor in (city.leader, *bound):
                marked_queue(actor, mark, NOW)
                marked_queue(actor, mark, NOW, after=QueueKey(NOW, 1))
            marked_queue(city.leader, mark, NOW, Search(category_1="住房"))
        for before in (None, first):
            repeats.earlier_of((caller_hash("13800000077"),), NOW, rules, before=before)
    assert len(plans) > 60
    wrong = [f"{sql}\n{plan}" for sql, plan in plans if looks_at_everything(sql, plan)]
    assert wrong == []
    # And it would have been noticed.
    plans.clear()
    with explained(plans):
        list(Case.objects.filter(limit="7d").order_by("kind")[:20])
        list(Case.objects.filter(unit=city.unit["D01"]).order_by("contacted_at", "pk")[:20])
    assert [looks_at_everything(*one) for one in plans] == [True, True]


@pytest.mark.parametrize("prepared", ["", "ANALYZE"])
def test_the_few_urgent_cases_are_found_in_an_index_of_their_own(city: City, prepared: str) -> None:
    crowded(city)
    if prepared or connection.vendor == "postgresql":
        # PostgreSQL makes its statistics by itself.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    urgent = Case.objects.filter(urgent=True)
    plans: list[tuple[str, str]] = []
    with explained(plans):
        # As the admin lists and counts them.
        newest = list(urgent.order_by("-pk")[:51])
        assert len(urgent.order_by("pk").values_list("pk")[:10_000]) == len(newest) == N_MANY // 500
    assert all("case_urgent" in plan for _, plan in plans), plans
    found = newest_cases(city.operator, Search(urgent=True), limit=50)
    assert (list(found.cases), found.before) == (newest, None)


@pytest.mark.only_on("sqlite", reason="PostgreSQL makes its statistics by itself")
def test_sqlite_knows_the_table_of_cases_as_a_big_one_from_the_first_day_on(city: City) -> None:
    indexes = {index.name: len(index.fields) for index in Case._meta.indexes}
    for name, statistics in STATISTICS.items():
        assert len(statistics.split()) == 1 + indexes[name]
    with connection.cursor() as cursor:
        cursor.execute("SELECT idx, stat FROM sqlite_stat1 WHERE tbl = 'cases_case'")
        assert dict(cursor.fetchall()) == STATISTICS
