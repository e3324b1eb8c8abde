"""What an HSM does: tokens, objects, templates, policy. No sockets, SQL or CK_ structs."""
