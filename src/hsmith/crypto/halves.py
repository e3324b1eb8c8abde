"""A public key from its private half (section "Public key from private key")."""

from typing import Any

from hsmith.crypto import keys
from hsmith.crypto.engine import Engine, Wanted
from hsmith.crypto.key import Key
from hsmith.spec.constants import Fault, ObjectClass
from hsmith.spec.faults import Refused


class PublicFromPrivate(Engine):
    """CKM_PUB_KEY_FROM_PRIV_KEY."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        if wanted.cls != ObjectClass.PUBLIC_KEY or wanted.key_type != key.type:
            raise Refused(Fault.TEMPLATE_INCONSISTENT, "this mechanism makes the public key of the same type")
        return keys.public_attributes(wanted.base)
