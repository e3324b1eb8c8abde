"""The process that holds the keys: its start, its life and its end."""
