"""Figures, as ratios within one run: `make bench`, or `make bench ONLY=name`. Never a timed test."""
