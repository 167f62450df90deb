"""Tests: behaviour through HTTP or a message on real servers; pure code by unit tests."""
