"""Sessions, operations and one handler for each function of the standard."""
