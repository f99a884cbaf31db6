"""The world the system must survive."""
