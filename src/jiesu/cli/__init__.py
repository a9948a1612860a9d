"""The `jiesu` command. Reads arguments and prints; decides nothing about figures."""
