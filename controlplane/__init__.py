"""Decides, records, proves."""
