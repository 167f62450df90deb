"""Requests and responses of identity."""
