"""Who answers p11-kit's calls: a keeper over its own socket, or, within the keeper, its handlers."""

from typing import Any

from hsmith.gateway.p11kit.arguments import outputs
from hsmith.home import Trouble
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.spec.functions import FunctionRow
from hsmith.wire.client import Client


class Remote:
    """A keeper that is found, or started, as by any other client."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self.problem = ""  # Why there is no keeper, for whoever can tell the user

    def open(self) -> None:
        try:
            self._client = Client()
        except Trouble as trouble:
            self.problem = str(trouble)
            raise Refused(Fault.DEVICE_ERROR, self.problem) from trouble

    def call(self, row: FunctionRow, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        assert self._client is not None
        given = self._client.call(row.name, *arguments)
        number = len(outputs(row))
        return given if number > 1 else (given,) if number else ()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
