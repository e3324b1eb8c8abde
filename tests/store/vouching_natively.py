"""Native code that vouches, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from hsmith.crypto import standing


@contextmanager
def natively(on: bool) -> Iterator[None]:
    """What is opened meanwhile has native code behind it, or has not."""
    with patch.object(standing._Library, "native", None):
        if on:
            assert standing.open_library() is None, "the tests need OpenSSL 3"
        yield
