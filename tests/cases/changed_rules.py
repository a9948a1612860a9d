"""The city's desk rules with something changed, for tests of what a rule does."""

from hashlib import sha256

from jiesu.cases.models import RuleVersion
from jiesu.cases.rulebook import rules_changed


def change_rules(*changes: tuple[str, str]) -> None:
    """Write the desk's rules anew, each first text (which must stand there) by its second."""
    version = RuleVersion.objects.get(kind=RuleVersion.Kind.DESK)
    for old, new in changes:
        assert version.text.count(old) == 1, old
        version.text = version.text.replace(old, new)
    version.digest = sha256(version.text.encode()).hexdigest()
    version.save()
    rules_changed()
