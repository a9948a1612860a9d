"""A city folder and the database: loading, dumping, units and the directory."""
