"""Work that people do at the meter, and what they bring back of it."""
