"""Requests and responses of the analytics service."""
