"""The survey engine: definition, expressions, answers, steps, looks and tables, all pure (no I/O, no clock, no session)."""
