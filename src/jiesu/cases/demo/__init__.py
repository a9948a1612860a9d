"""A desk to look at, played through the actions."""
