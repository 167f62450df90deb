"""HTTP of ingestion: parse, call, shape."""
