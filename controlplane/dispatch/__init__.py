"""Carries bytes: outbox to broker after commit, broker to the door each message belongs to."""
