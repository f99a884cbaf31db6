"""Who may do what: bearer tokens, roles, and the client that a principal is confined to."""
