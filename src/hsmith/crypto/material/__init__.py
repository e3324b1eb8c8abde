"""Key material by key type: what its attributes mean, and how they become the library's keys and encodings."""
