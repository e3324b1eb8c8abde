"""What keys may be used for, given what they were used for: docs/policy.md says it in words."""
