"""Dossiers: one order's whole proof in one file, put together from the log, the documents and the keys."""
