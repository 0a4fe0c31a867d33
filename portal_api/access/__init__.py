"""Who comes in: sign-in by mail, sessions, roles, tokens, deep links."""
