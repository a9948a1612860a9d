"""The tests of this folder need Django."""

from tests.databases import start_django

start_django()
