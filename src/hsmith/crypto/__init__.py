"""The only importer of the cryptographic libraries: one engine for each family of mechanisms."""
