"""What PKCS#11 3.2 says, as pure data: imports nothing else of hsmith."""
