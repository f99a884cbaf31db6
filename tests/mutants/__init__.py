"""Seeded mistakes: each takes one guard away from the real code, and tests that are named must fail without it."""
