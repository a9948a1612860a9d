"""How times are written on pages in Chinese: as on those in English."""

from jiesu.project.en.formats import *  # noqa: F403
