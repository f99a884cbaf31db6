"""A disk that forgets: a real file system of our own that notes each operation, and what is left when power is lost."""
