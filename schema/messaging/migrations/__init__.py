"""Ordered migrations of this app; applied ones are never edited."""
