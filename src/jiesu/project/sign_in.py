"""Who may sign in with a name and a password.

A demo sign-in works from this machine only and never in production: its password is printed for
anyone to read.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from jiesu.cases.models import User
from jiesu.project.safety import is_loopback


class SiteBackend(ModelBackend):
    """Django's own check of names and passwords, with the rule about demo sign-ins."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user of a name and a password; none where one of them is wrong or not allowed."""
        user = super().authenticate(request, username, password, **kwargs)
        if not isinstance(user, User) or not demo_is_allowed(user, request):
            return None
        return user


def demo_is_allowed(user: User, request: HttpRequest | None) -> bool:
    """Whether a user is none of the demo's, or one on this machine outside production."""
    if not user.demo:
        return True
    address = "" if request is None else request.META.get("REMOTE_ADDR", "")
    return not settings.JIESU.production and is_loopback(address)
