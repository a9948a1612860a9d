"""`python -m jiesu`."""

from jiesu.cli.main import main

main()
