"""Commands of analytics: decide, write, record events."""
