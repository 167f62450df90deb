"""The compute engine: one grouped Ibis query per table over the dataset's Parquet file, run by DuckDB.

Only sufficient statistics leave this package; no value from a request becomes SQL text here, Ibis writes literals.
"""
