"""The edge: carries plans to lines and receipts home."""
