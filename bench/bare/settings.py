"""The site's settings with the bare endpoint added; nothing else differs."""

from jiesu.project.settings import *  # noqa: F403
from jiesu.project.settings import INSTALLED_APPS as SITE_APPS

INSTALLED_APPS = [*SITE_APPS, "bench.bare.apps.BareConfig"]
ROOT_URLCONF = "bench.bare.urls"
