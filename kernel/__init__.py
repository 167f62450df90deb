"""Technology shared by all services, without domain nouns: settings, database, events, objects, HTTP."""
