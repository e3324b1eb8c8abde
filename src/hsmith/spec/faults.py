"""The one exception by which any layer refuses a call, and the return value it becomes."""

from hsmith.spec.constants import Fault


class Refused(Exception):
    """A call is refused with a return value of the standard.

    ``fault`` goes to the caller as CKR_; ``reason`` goes to the log and to the CLI: it names what is wrong and
    what to do, and never contains a secret.
    """

    def __init__(self, fault: Fault, reason: str = "") -> None:
        super().__init__(fault, reason)
        self.fault = fault
        self.reason = reason

    def __str__(self) -> str:
        return f"CKR_{self.fault.name}" + (f": {self.reason}" if self.reason else "")


class TooSmall(Refused):
    """CKR_BUFFER_TOO_SMALL with the length that is needed; the operation stays active (section 5.2)."""

    def __init__(self, length: int) -> None:
        super().__init__(Fault.BUFFER_TOO_SMALL)
        self.length = length


class Partly(Refused):
    """A refusal that still has results: C_GetAttributeValue gives what may be read beside what may not."""

    def __init__(self, fault: Fault, results: tuple[object, ...]) -> None:
        super().__init__(fault)
        self.results = results
