"""DuckDB reads a CSV file as text and writes Parquet: `sql_import FILE OUT`. A floor."""

import sys

import duckdb


def main() -> None:
    source, target = sys.argv[1:3]
    duckdb.sql(
        f"COPY (SELECT * FROM read_csv('{source}', all_varchar = true)) "
        f"TO '{target}' (FORMAT parquet)"
    )


if __name__ == "__main__":
    main()
