"""Reading what SoftHSM stored, without SoftHSM: tokens of version 2 (both back-ends) and 1, configurations."""
