"""The checks as data and the rules that find them, one module per category; `catalogue` joins them.

A rule is a pure function from a visit to findings. Checks that need several pages at once stand in `across.py`.
"""
