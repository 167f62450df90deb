"""Pure rules of site audits: what a page is, what is wrong with it, what that costs. No I/O, no clock, no session.

`extraction` and `robots` need libraries that only workers install; everything else an API process may import.
"""
