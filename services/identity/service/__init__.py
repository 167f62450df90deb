"""Use cases of identity: one public coroutine per command."""
