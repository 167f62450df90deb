"""One named coroutine per question that identity puts to PostgreSQL."""
