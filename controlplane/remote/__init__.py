"""Settings of gateways from afar: asked by an operator, pushed signed until held, and what became of them."""
