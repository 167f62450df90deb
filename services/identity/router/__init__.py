"""HTTP of identity: parse, call, shape."""
