"""Demands of one caller that come at once: each counts the others, and repeats are seen.

A new case is counted by the caller's earlier ones. On SQLite nobody writes between the reading and
the writing. On PostgreSQL somebody may: so the new case is written only where, among those who
write for this caller, no other came meanwhile. That is asked by a function of the database, for
only there a question within a statement sees what was committed while it waited.
"""

from collections.abc import Sequence
from datetime import datetime

from jiesu.cases.insertion import Condition, adapted_instant

FUNCTION = """
CREATE OR REPLACE FUNCTION jiesu_nobody_since(callers text[], since timestamptz, last bigint)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    one text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(callers[1], 0));
    FOREACH one IN ARRAY callers LOOP
        IF EXISTS (
            SELECT 1 FROM cases_case
            WHERE caller = one AND NOT (caller = '') AND created_at > since AND id > last
        ) THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END $$
"""
"""Lets one at a time pass for a caller, until its transaction ends. A migration gives it.

It asks for one hash at a time: of an array PostgreSQL does not know how long it is, takes ten, and
then finds the index too dear in a new city's table, which it would read whole for each demand.
"""


class Overtaken(Exception):
    """Another demand of the caller came first; nothing was written."""


def nobody_since(callers: Sequence[str], since: datetime, last: int) -> Condition | None:
    """That the caller has no case after `last` that came after `since`; `None` of nobody known."""
    if not callers:
        return None
    return Condition(
        "jiesu_nobody_since(%s::text[], %s::timestamptz, %s::bigint)",
        # Hashes hold letters, digits and colons only. The driver would look at each of a list.
        ("{" + ",".join(callers) + "}", adapted_instant(since), str(last)),
    )
