"""Two addresses for whoever watches the site: is the process alive, can it work.

They say nothing about anyone and ask for no sign-in.
"""

from functools import cache

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jiesu.cases.privacy.vault import ring
from jiesu.core.problems import InputError, Problem
from jiesu.project.first_start import no_database


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, is migrated, and the keys can be read; else 503."""
    found = {
        "database": _database_answers(),
        "migrated": False,
        "keys": _keys_are_read(),
    }
    found["migrated"] = found["database"] and is_migrated()
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def _keys_are_read() -> bool:
    # Once read they are kept: what becomes of the file later is no concern of this process.
    try:
        ring()
    except InputError:
        return False
    return True


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def require_migrated() -> None:
    """Raise InputError where a command finds no database with the tables of this version."""
    try:
        _require_migrated()
    except Error as error:
        raise no_database(error) from error
    except LookupError:
        what = "its tables are not those of this version"
        remedy = "start the site first: jiesu serve"
        raise InputError(Problem("the database", "", what, remedy)) from None


def is_migrated() -> bool:
    """Whether every migration is applied. Asked in full until it is true, then remembered."""
    try:
        _require_migrated()
    except (Error, LookupError):
        return False
    return True


@cache
def _require_migrated() -> None:
    # An exception is not remembered, a success is: migrations are not undone under a running site.
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError("migrations are not applied")
