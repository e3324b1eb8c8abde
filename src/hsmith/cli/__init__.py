"""The hsmith command: one file for each noun."""
