"""A dataset as a file for other programs: CSV, Excel, SPSS, Parquet."""
