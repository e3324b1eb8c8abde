"""Faces of the keeper for programs that do not speak its own protocol."""
