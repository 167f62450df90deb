"""Commands of `schema/manage.py`."""
