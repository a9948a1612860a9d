"""Ask a filled site what its clerks ask: `desk_reader SIZE`, then a number a line.

Each line is answered with one JSON object: of every question the seconds that it took and how
many cases it found. The number chooses among like questions, so that no answer is a repeated one.
Asked are the functions that the API asks.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jiesu.project import serving

serving.SETTINGS = "bench.bare.settings"

Question = Callable[[int], int]


def questions(size: int) -> dict[str, Question]:
    """Every question by name: each takes the number of the round, and counts what it found."""
    from bench.contestants import desk_town as town
    from bench.contestants.desk_fills import units_of_the_district
    from jiesu.cases.actor import Actor
    from jiesu.cases.models import User
    from jiesu.cases.queries import MarkName, marked_queue, unit_queue
    from jiesu.cases.search import Search, newest_cases
    from jiesu.city.synth.catalogue import categories

    actors = {user.username: Actor.of(user) for user in User.objects.select_related("unit")}
    operator, clerk = actors["operator"], actors["clerk"]
    streets = list(units_of_the_district())
    usual = sorted(categories(), key=lambda one: -one.weight)[:10]

    def case(n: int) -> int:
        """Any case, none of the busy caller."""
        n = n * 7_919 % (size // town.CASES_A_CALLER)
        return n if not town.is_busy(n) else n + 1

    def queue(actor: Actor, unit: str = "") -> int:
        return len(unit_queue(actor, datetime.now(UTC), unit=unit).rows)

    def marked(actor: Actor, mark: MarkName) -> int:
        # In two days: a part of what is open is late then, at either size.
        return len(marked_queue(actor, mark, datetime.now(UTC) + timedelta(days=2)).rows)

    def search(asked: Search, actor: Actor = operator) -> int:
        return len(newest_cases(actor, asked).cases)

    def caller(n: int) -> tuple[str, str]:
        return town.caller_of(case(n), size)

    return {
        "queue of a street": lambda n: queue(operator, streets[n % len(streets)]),
        "queue of a clerk": lambda n: queue(clerk),
        "queue of a district with its streets": lambda n: queue(actors["coordinator"]),
        "queue of what is overdue in the city": lambda n: marked(operator, MarkName.OVERDUE),
        "queue of what is soon due in the city": lambda n: marked(operator, MarkName.SOON_DUE),
        "queue of callers not contacted in time": lambda n: marked(
            operator, MarkName.CONTACT_OVERDUE
        ),
        "queue of what is overdue, of a district": lambda n: marked(
            actors["coordinator"], MarkName.OVERDUE
        ),
        "number": lambda n: search(Search(number=town.number_of(case(n)))),
        "phone": lambda n: search(Search(phone=caller(n)[0])),
        "phone of a caller with 2% of all": lambda n: search(Search(phone=town.BUSY_PHONE)),
        "name": lambda n: search(Search(name=caller(n)[1])),
        "name of a caller with 2% of all": lambda n: search(Search(name=town.BUSY_NAME)),
        "street": lambda n: search(Search(place=streets[n % len(streets)])),
        "district": lambda n: search(Search(place=town.DISTRICT)),
        "category, first level": lambda n: search(Search(category_1=usual[n % 10].levels[0])),
        "category, third level": lambda n: search(Search(category_3=usual[n % 10].levels[2])),
        "two characters of a third of the texts": lambda n: search(Search(words="妥善")),
        "words of one text in 400": lambda n: search(Search(words=town.MIDDLING)),
        "words of 25 texts": lambda n: search(Search(words=town.RARE)),
        "two words of a third, together in one of 400": lambda n: search(Search(words="妥善 回电")),
        "two words of a third that never meet": lambda n: search(Search(words="妥善 屡次")),
        "a clerk's own, by words that all have": lambda n: search(Search(words="街道"), clerk),
    }


def main(size: int) -> None:
    serving.open_site(lambda line: None)
    asked = questions(size)
    for line in sys.stdin:
        answers: dict[str, tuple[float, int]] = {}
        for name, question in asked.items():
            begun = time.perf_counter()
            found = question(int(line))
            answers[name] = time.perf_counter() - begun, found
        print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
