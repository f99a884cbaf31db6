"""Orders: what a client wants at a supply point, and what becomes of it."""
