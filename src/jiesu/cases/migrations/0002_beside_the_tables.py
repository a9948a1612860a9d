"""What a database is given beside its tables: PostgreSQL a function, SQLite statistics."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from jiesu.cases.overtaking import FUNCTION
from jiesu.cases.sqlite_statistics import give_statistics


def give(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give it."""
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION)
    else:
        with connection.cursor() as cursor:
            give_statistics(cursor)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
