"""How a running gateway stands, for whoever is at it: gathered on its loop, told over a local socket."""
