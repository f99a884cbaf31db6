"""Whether each part of the gateway gets on with its work, and who is told: the service manager, a person, a scraper."""
