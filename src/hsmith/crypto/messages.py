"""Messages under authenticated encryption: IVs that are made here, and a tag that travels beside the data.

A message is encrypted by the mechanism's ordinary engine; a form says how the per-message parameter names IV and tag,
and what the engine's own parameter is for it (section "Additional AES Mechanisms", "ChaCha20/Poly1305").
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hsmith.crypto.aead import generated
from hsmith.crypto.engine import Buffer, Stream
from hsmith.crypto.streams import bad_parameter
from hsmith.spec.constants import Fault, IvGenerator
from hsmith.spec.faults import Refused
from hsmith.spec.params import (
    CcmMessageParams,
    CcmParams,
    GcmMessageParams,
    GcmParams,
    Salsa20Chacha20Poly1305MsgParams,
    Salsa20Chacha20Poly1305Params,
)

XOR: Final = IvGenerator.GENERATE_COUNTER_XOR
_COUNTING: Final = (IvGenerator.GENERATE_COUNTER, XOR)
#: Counters that a session keeps, one for each key and fixed part that it met.
COUNTERS_MAXIMUM: Final = 1024


@dataclass(frozen=True, slots=True)
class Form:
    """One class of per-message parameters.

    ``iv``, ``tag``, ``fixed_bits``, ``generator``: the names of its fields, the last two empty where the caller always
    gives the whole IV. ``tag_size``: bytes. ``whole``: the engine's parameter for it.
    """

    iv: str
    tag: str
    tag_size: Callable[[Any], int]
    whole: Callable[[Any, bytes], Any]
    fixed_bits: str = ""
    generator: str = ""


FORMS: Final[dict[type[Any], Form]] = {
    GcmMessageParams: Form(
        iv="iv",
        tag="tag",
        tag_size=lambda params: int(params.tag_bits // 8),
        whole=lambda params, aad: GcmParams(iv=params.iv, aad=aad, tag_bits=params.tag_bits),
        fixed_bits="iv_fixed_bits",
        generator="iv_generator",
    ),
    CcmMessageParams: Form(
        iv="nonce",
        tag="mac",
        tag_size=lambda params: int(params.mac_len),
        whole=lambda params, aad: CcmParams(params.data_len, params.nonce, aad, params.mac_len),
        fixed_bits="nonce_fixed_bits",
        generator="nonce_generator",
    ),
    Salsa20Chacha20Poly1305MsgParams: Form(
        iv="nonce",
        tag="tag",
        tag_size=lambda params: 16,
        whole=lambda params, aad: Salsa20Chacha20Poly1305Params(nonce=params.nonce, aad=aad),
    ),
}


class Counters:
    """The counters behind CKG_GENERATE_COUNTER and CKG_GENERATE_COUNTER_XOR in one session.

    "Each IV must be unique for a given session": a counter goes on where it was when the same key and the same fixed
    part come again, in the same or in another operation.
    """

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next: dict[tuple[int, int, int], int] = {}

    def __len__(self) -> int:
        return len(self._next)

    def make_iv(self, form: Form, params: Any, key: int) -> None:
        """Put the IV of the next message into ``params``. ``key``: its number. Refused(MECHANISM_PARAM_INVALID)."""
        generator = getattr(params, form.generator) if form.generator else IvGenerator.NO_GENERATE
        if generator == IvGenerator.NO_GENERATE:
            return
        given, fixed_bits = getattr(params, form.iv), getattr(params, form.fixed_bits)
        if generator in _COUNTING:
            made = self._counted(key, given, fixed_bits, xor=generator == XOR)
        elif generator in (IvGenerator.GENERATE, IvGenerator.GENERATE_RANDOM):
            made = generated(given, fixed_bits, generator)
        else:
            raise bad_parameter(f"there is no generator {generator}")
        setattr(params, form.iv, made)

    def _counted(self, key: int, given: bytes, fixed_bits: int, *, xor: bool) -> bytes:
        free = 8 * len(given) - fixed_bits
        if free <= 0:
            raise bad_parameter("no bit of the IV is left to the counter")
        base = int.from_bytes(given, "big")
        if not xor:
            base = base >> free << free
        place = (key, len(given), base)
        count = self._next.get(place, 0)
        if count >> free:
            raise bad_parameter("the counter has used up the free bits: take another key or another fixed part")
        if not count and len(self._next) >= COUNTERS_MAXIMUM:
            raise Refused(Fault.TOKEN_RESOURCE_EXCEEDED, "the session has too many counters of IVs: open another one")
        self._next[place] = count + 1
        return (base ^ count).to_bytes(len(given), "big")


def room_for_tag(form: Form, params: Any) -> int:
    """The tag's length in bytes, for which the caller has room, or which he gives: no more and no less."""
    size = form.tag_size(params)
    if len(getattr(params, form.tag)) != size:
        raise bad_parameter(f"the tag has {size} bytes, and the parameter must point to them")
    return size


def sealed(stream: Stream, data: Buffer, tag_size: int, *, whole: bool = True) -> tuple[bytes, bytes]:
    """(ciphertext, tag): all of it, or with ``whole=False`` what is left of a message in parts."""
    made = stream.once(data) if whole else stream.update(data) + stream.finish()
    return made[: len(made) - tag_size], made[len(made) - tag_size :]


def opened(stream: Stream, data: Buffer, tag: bytes, *, whole: bool = True) -> bytes:
    """The plaintext. Refused(AEAD_DECRYPT_FAILED) when data, tag and associated data do not belong together."""
    try:
        if whole:
            return stream.once(bytes(data) + tag)
        stream.update(data)
        return stream.update(tag) + stream.finish()
    except Refused as refused:
        if refused.fault == Fault.ENCRYPTED_DATA_INVALID:
            raise Refused(Fault.AEAD_DECRYPT_FAILED, "the message does not decrypt under this key") from None
        raise
