"""Commands of ingestion: decide, write, record events."""
