"""Clients, supply points, meters, gateways, and which meter is bound where."""
