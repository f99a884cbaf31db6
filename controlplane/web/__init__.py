"""The pages: rendered on the server, live by server-sent events, in Italian and English."""
