"""The bench: what this client costs beside others, each row of the table measured in turns. Start it with `run`."""
