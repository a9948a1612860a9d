"""Django's formats by language."""
