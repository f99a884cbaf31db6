"""Payments: what a customer has paid is recorded once, and stops every closing at that point."""
