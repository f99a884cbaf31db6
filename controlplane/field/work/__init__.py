"""Work orders: what is offered to crews, what they do with it, and the feed that tells of both."""
