"""The gateway's journal: what it must not forget, in one SQLite file (CONTROL P11, I7)."""
