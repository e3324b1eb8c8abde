"""The protocol between the module and the keeper."""
