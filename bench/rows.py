"""What is measured, and what is wanted of it: one row of the table for each line here."""

from typing import NamedTuple


class Want(NamedTuple):
    """The least ratio that is promised, and the one that is aimed at. A ratio is hsmith's speed over the other's."""

    least: float
    goal: float


class Most(NamedTuple):
    """The most that is promised, and what is aimed at: of milliseconds, or of times what another needs."""

    most: float
    goal: float


class Call(NamedTuple):
    """An operation of bench/calls.c, measured with threads and with processes."""

    name: str
    what: str
    want: Want
    many: Want | None = None  # with more than one thread or process, if another
    place: str = "keys"  # keys: a token with a few keys; filled: one with many objects; new: an empty one
    longer: float = 1  # times the usual duration, for what takes long or varies


CALLS = (
    Call("rsa", "SHA256_RSA_PKCS 2048", Want(1.7, 2.0)),
    Call("p256", "ECDSA P-256", Want(1.5, 2.0), many=Want(1.2, 1.4)),
    Call("ed25519", "EdDSA Ed25519", Want(2.5, 4.0)),
    Call("gcm-64", "AES-256-GCM 64 bytes", Want(1.0, 1.4)),
    Call("gcm-64k", "AES-256-GCM 64 KiB", Want(0.8, 1.0)),
    Call("gcm-1m", "AES-256-GCM 1 MiB", Want(0.8, 1.0)),
    Call("new-p256", "generate P-256 pair", Want(5, 10), place="new"),
    Call("create", "create object", Want(5, 10), place="new"),
    Call("new-rsa", "generate RSA-2048 pair", Want(1.0, 1.2), place="new", longer=4),
    Call("find-label", "find by label", Want(100, 500), place="filled"),
    Call("find-id", "find by id", Want(100, 500), place="filled"),
)


#: OpenSSL's engine for PKCS#11, below /usr/lib.
ENGINE = "*/engines-3/pkcs11.so"


class Single(NamedTuple):
    """A row with a measurement of its own in bench/programs.py."""

    name: str
    what: str
    want: Want | Most | None
    needs: tuple[str, ...] = ()  # programs, or patterns of files below /usr/lib


SINGLES = (
    Single("first", "first signature, no KDF", Want(10, 20)),
    Single("first-kdf", "the same with Argon2id", None),
    Single("first-again", "the same, keeper in use", Want(10, 20)),
    Single("library-p256", "P-256 / library alone", Most(2.0, 1.5)),
    Single("library-rsa", "RSA-2048 / library alone", Most(1.15, 1.15)),
    Single("many-find", "find by label, many / few", Most(1.5, 1.5)),
    Single("many-use", "P-256, many / few", Most(1.5, 1.5)),
    Single("many-memory", "keeper's memory, an object", Most(200, 200)),
    Single("cold", "cold start to signature", Most(500, 500)),
    Single("one-shot", "one-shot client", Most(15, 15)),
    Single("one-shot-tool", "pkcs11-tool --sign", Most(15, 15), ("pkcs11-tool",)),
    Single("ods-hsmspeed", "ods-hsmspeed RSA-2048", None, ("ods-hsmspeed",)),
    Single("ldns-signzone", "ldns-signzone P-256", None, ("ldns-signzone", ENGINE)),
)

NAMES = tuple(row.name for row in (*CALLS, *SINGLES))

#: The Debian packages of the programs.
PACKAGES = {
    "softhsm2-util": "softhsm2",
    "ods-hsmspeed": "libhsm-bin",
    "ldns-signzone": "ldnsutils",
    "pkcs11-tool": "opensc",
    ENGINE: "libengine-pkcs11-openssl",
}


class Figure(NamedTuple):
    """One line of the results: medians, in ``unit``.

    ``other`` is SoftHSM's figure, that of the library alone, or hsmith's with few objects.
    """

    name: str
    what: str
    variant: str
    unit: str  # "/s": more is better; "ms", "us", "s", "bytes": less is better
    hsmith: float
    other: float | None
    want: Want | Most | None

    @property
    def ratio(self) -> float | None:
        """Speed of hsmith over that of SoftHSM; where a most is wanted, time of hsmith over the other time."""
        if self.other is None:
            return None
        more = self.hsmith / self.other
        return more if self.unit == "/s" or isinstance(self.want, Most) else 1 / more

    @property
    def met(self) -> str:
        """``goal``, ``yes`` (what is promised), ``no``, or ``-`` where nothing is."""
        if isinstance(self.want, Want):
            ratio = self.ratio or 0
            return "goal" if ratio >= self.want.goal else "yes" if ratio >= self.want.least else "no"
        if isinstance(self.want, Most):
            value = self.hsmith if self.ratio is None else self.ratio
            return "goal" if value <= self.want.goal else "yes" if value <= self.want.most else "no"
        return "-"
