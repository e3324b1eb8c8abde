"""Reading what SoftHSM stored, without SoftHSM: its token folders (both back-ends), its version 1, its configuration."""
