"""Seals: each number is registered, issued to a crew, put on once at one point, and taken off once."""
