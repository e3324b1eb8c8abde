"""Keys and certificates as files have them: read into the attributes of objects; public keys are written, too."""
