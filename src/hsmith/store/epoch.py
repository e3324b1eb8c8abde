"""The store's epoch, beside the database: no commit is older than what this file says.

Each commit raises the epoch, in the database durably and a moment later here, without waiting for the disk: what is
here is never ahead of the database, whatever happens, and after a power failure a little behind at most. Two places
take turns, so that one is whole when the writing of the other was cut short.
"""

import os
from pathlib import Path
from struct import Struct
from typing import Final

from hsmith.crypto import primitives
from hsmith.store import folder as folders
from hsmith.store.records import StoreBroken

EPOCH: Final = "store.epoch"

_PLACES: Final = (0, 4096)  # in different blocks of any disk
_MAC_SIZE: Final = 16
_FORMAT: Final = Struct(f"<Q{_MAC_SIZE}s")


class EpochFile:
    """The open file. Only the writer's thread calls advance() and sync()."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        """Open the file, and make it with epoch 0 if there is none. StoreBroken, StoreFull."""
        self.path = folder / EPOCH
        self._key = primitives.derive(secret, b"hsmith 1 epoch")
        try:
            self.made = not self.path.exists()
            if self.made:
                self._make()
            self._file = self._open()
        except OSError as error:
            raise folders.failure(self.path, error) from None

    def _make(self) -> None:
        """Durably, and whole: a name for it appears last."""
        new = self.path.with_name(f".{EPOCH}.{os.getpid()}")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            for place in _PLACES:
                os.pwrite(handle, self._packed(0), place)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(new, self.path)
        folders.sync(self.path.parent)

    def _open(self) -> int:
        folders.private(self.path, 0o600)
        flags = os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(self.path, os.O_RDWR | flags)
        except OSError:
            return os.open(self.path, os.O_RDONLY | flags)  # On a read-only disk nothing is committed either.

    def highest(self) -> int:
        """The epoch, 0 where none can be read."""
        return max((epoch for place in _PLACES if (epoch := self._at(place)) is not None), default=0)

    def read(self) -> int:
        """The epoch. StoreBroken: the file is damaged, or of another store."""
        found = [epoch for place in _PLACES if (epoch := self._at(place)) is not None]
        if not found:
            raise StoreBroken(
                f"{self.path} was altered, or is of another store than store.secret: put both back as they were; "
                "if that cannot be, 'hsmith doctor --accept-store' takes the store as it is"
            )
        return max(found)

    def _at(self, place: int) -> int | None:
        packed = os.pread(self._file, _FORMAT.size, place)
        if len(packed) != _FORMAT.size:
            return None
        epoch: int = _FORMAT.unpack(packed)[0]
        return epoch if primitives.equal(packed, self._packed(epoch)) else None

    def _packed(self, epoch: int) -> bytes:
        return _FORMAT.pack(epoch, primitives.mac(self._key, epoch.to_bytes(8, "little"))[:_MAC_SIZE])

    def advance(self, epoch: int) -> None:
        """``epoch`` is committed. OSError: it stays as it was, which does no harm."""
        os.pwrite(self._file, self._packed(epoch), _PLACES[epoch % len(_PLACES)])

    def sync(self) -> None:
        os.fdatasync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
