"""Pure rules of analysis, insights and reports: no I/O, no clock, no session.

Modules directly in this package are light and may be imported by the API process; `inference` and `results` need
numpy and scipy and are imported by the worker only.
"""
