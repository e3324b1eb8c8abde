"""Keys wrapped and unwrapped with associated data (sections "C_WrapKeyAuthenticated", "C_UnwrapKeyAuthenticated").

The parameter is that of messages: the IV may be made here, and the tag is not part of the wrapped key.
"""

from typing import Any

from hsmith.core.policy.wrapping import Wrap
from hsmith.crypto import keys as encodings
from hsmith.crypto import messages
from hsmith.crypto.messages import FORMS, Form
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import keys, operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import UNWRAP, WRAP, Use
from hsmith.spec.constants import Fault
from hsmith.spec.faults import TooSmall
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.values import MechanismArg, Template


def _prepared(mechanism: MechanismArg | None, use: Use) -> tuple[MechanismRow, Any, Form]:
    row = operations.mechanism_row(mechanism, use.flag)
    assert mechanism is not None
    operations.check_params(row, mechanism.params, of_message=True)
    return row, mechanism.params, FORMS[type(mechanism.params)]


@handles("C_WrapKeyAuthenticated")
def wrap_key(
    session: Session,
    mechanism: MechanismArg | None,
    wrapping: int,
    handle: int,
    associated: bytes | None,
    capacity: int | None,
) -> bytes | int:
    row, params, form = _prepared(mechanism, WRAP)
    wrapper = keys.user(session, wrapping, row, WRAP, Fault.WRAPPING_KEY_HANDLE_INVALID)
    key = keys.wrappable(session, handle, wrapper, row)
    wrap = Wrap(session.token.policy, wrapper, key, row)
    material = encodings.encode(key.attributes)
    if capacity is None:
        return len(material)
    if capacity < len(material):
        raise TooSmall(len(material))
    tag_size = messages.room_for_tag(form, params)
    session.iv_counters.make_iv(form, params, wrapper.id)
    sealing = form.whole(params, associated or b"")
    wrap.check(sealing)
    whole = ENGINES[row.mechanism].wrap(wrapper.key(), sealing, material)
    wrap.release(sealing, material)
    setattr(params, form.tag, whole[-tag_size:])
    return whole[:-tag_size]


@handles("C_UnwrapKeyAuthenticated")
def unwrap_key(
    session: Session,
    mechanism: MechanismArg | None,
    unwrapping: int,
    wrapped: bytes | None,
    template: Template,
    associated: bytes | None,
) -> int:
    row, params, form = _prepared(mechanism, UNWRAP)
    key = keys.user(session, unwrapping, row, UNWRAP, Fault.UNWRAPPING_KEY_HANDLE_INVALID)
    messages.room_for_tag(form, params)
    whole = form.whole(params, associated or b"")
    tag: bytes = getattr(params, form.tag)
    return keys.unwrapped(session, row, key, whole, wrapped=wrapped or b"", tag=tag, template=template)
