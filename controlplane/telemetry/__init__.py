"""Readings: kept as they came, with the latest of each register at hand."""
