"""Tests of the log in its tables."""
