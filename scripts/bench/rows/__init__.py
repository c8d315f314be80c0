"""One module for each row of the table; each can be run alone."""
