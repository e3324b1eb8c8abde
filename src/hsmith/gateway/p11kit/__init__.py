"""The RPC protocol of p11-kit: what its `remote:` option and p11-kit-client.so speak (docs/p11-kit.md)."""
