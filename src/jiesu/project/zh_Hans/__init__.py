"""Django's formats for pages in Chinese."""
