"""The broker's side of the house: its own certificate authority, and what mosquitto is told."""
