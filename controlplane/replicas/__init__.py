"""Several processes over one database: which of them leads, and how each hears of the others (adr/0009)."""
