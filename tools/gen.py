"""Write what follows from the tables of hsmith.spec: the C of the module that nobody should write by hand.

python tools/gen.py            write the files
python tools/gen.py --check    exit with 1 and the names of those that are stale
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

import hsmith  # noqa: E402
from hsmith.spec.attributes import ATTRIBUTES  # noqa: E402
from hsmith.spec.constants import Fault, MechanismFlag  # noqa: E402
from hsmith.spec.functions import BY_NAME, FUNCTIONS, FunctionRow, Kind, Needs, Operation  # noqa: E402
from hsmith.spec.infos import INFOS, InfoRow  # noqa: E402
from hsmith.spec.mechanisms import MECHANISMS, MechanismRow  # noqa: E402
from hsmith.spec.params import PARAMS, Field, FieldKind, ParamsRow, Unit  # noqa: E402
from hsmith.spec.values import ValueKind  # noqa: E402
from hsmith.wire.frames import table_hash  # noqa: E402

HEAD: Final = "/* Made by tools/gen.py from the tables of hsmith.spec. Not to be edited. */\n\n"


# --- Functions

#: For each kind: the C parameters, what is checked or put, and what is got. {n} is the argument's name.
C_KINDS: Final[dict[Kind, tuple[str, str, str]]] = {
    Kind.ULONG: ("CK_ULONG {n}", "put_ulong(&c, {n});", ""),
    Kind.BOOL: ("CK_BBOOL {n}", "put_bool(&c, {n});", ""),
    Kind.BYTES: ("CK_BYTE *{n}, CK_ULONG {n}_len", "put_bytes(&c, {n}, {n}_len);", ""),
    Kind.LABEL: ("CK_BYTE *{n}", "put_label(&c, {n});", ""),
    Kind.NAME: ("CK_BYTE *{n}", "put_name(&c, {n});", ""),
    Kind.MECHANISM: ("CK_MECHANISM *{n}", "put_mechanism(&c, {n});", ""),
    Kind.TEMPLATE: ("CK_ATTRIBUTE *{n}, CK_ULONG {n}_count", "put_template(&c, {n}, {n}_count);", ""),
    Kind.MESSAGE_PARAMETER: ("void *{n}, CK_ULONG {n}_len", "put_parameter(&c, {n}, {n}_len);", ""),
    Kind.RESERVED: ("void *{n}", "need(&c, !{n});", ""),
    Kind.IGNORED: ("void *{n}", "(void){n};", ""),
    Kind.ULONG_OUT: ("CK_ULONG *{n}", "need(&c, {n} != NULL);", "get_ulong(&c, {n});"),
    Kind.BUFFER: (
        "CK_BYTE *{n}, CK_ULONG *{n}_len",
        "put_buffer(&c, {n}, {n}_len);",
        "get_buffer(&c, hSession, {n}, {n}_len);",
    ),
    Kind.FILL: ("CK_BYTE *{n}, CK_ULONG {n}_len", "put_fill(&c, {n}, {n}_len);", "get_fill(&c, {n}, {n}_len);"),
    Kind.ULONG_LIST: (
        "CK_ULONG *{n}, CK_ULONG *{n}_count",
        "need(&c, {n}_count != NULL);",
        "get_list(&c, {n}, {n}_count);",
    ),
    Kind.FOUND: (
        "CK_ULONG *{n}, CK_ULONG {n}_most, CK_ULONG *{n}_count",
        "put_found(&c, {n}, {n}_most, {n}_count);",
        "get_found(&c, {n}, {n}_most, {n}_count);",
    ),
    Kind.QUERY: (
        "CK_ATTRIBUTE *{n}, CK_ULONG {n}_count",
        "put_query(&c, {n}, {n}_count);",
        "get_query(&c, {n}, {n}_count);",
    ),
    Kind.ASYNC_BUFFER: (
        "CK_BYTE *{n}, CK_ULONG {n}_len",
        "put_async_buffer(&c, {n}, {n}_len);",
        "if (c.rv == CKR_OK)\n                async_join(hSession, pFunctionName, {n}, {n}_len);",
    ),
    Kind.ASYNC_DATA: ("CK_ASYNC_DATA *{n}", "", "get_async_data(&c, hSession, pFunctionName, {n});"),
    **{
        kind: (f"{row.struct} *{{n}}", "need(&c, {n} != NULL);", f"get_{row.struct[3:].lower()}(&c, {{n}});")
        for kind, row in INFOS.items()
    },
}

#: Where the text lets a pointer be NULL that may not be elsewhere.
PUT_INSTEAD: Final = {
    # Mechanisms that return several keys do so in their parameter (section 6.40.9): phKey is then unnecessary.
    ("C_DeriveKey", "phKey"): "need(&c, phKey || (c.layout && c.layout->names_keys));",
    # Without a ciphertext only its length is asked for (section 5.18.8).
    ("C_EncapsulateKey", "phKey"): "need(&c, phKey || !pCiphertext);",
    # NULL for the length means that more data follows (section 5.15.4).
    ("C_SignMessageNext", "pSignature"): "put_optional_buffer(&c, pSignature, pSignature_len);",
}

#: What says that input is longer than any frame, where it is not CKR_DATA_LEN_RANGE; and of one function.
TOO_LONG: Final = {
    "pSignature": "CKR_SIGNATURE_LEN_RANGE",
    "pWrappedKey": "CKR_WRAPPED_KEY_LEN_RANGE",
    **dict.fromkeys(
        ("pEncryptedData", "pEncryptedPart", "pCiphertext", "pCiphertextPart"), "CKR_ENCRYPTED_DATA_LEN_RANGE"
    ),
}
TOO_LONG_INSTEAD: Final = {("C_DecapsulateKey", "pCiphertext"): "CKR_WRAPPED_KEY_LEN_RANGE"}

#: The functions that are answered in the module have their arguments here.
LOCAL: Final = {
    "C_Initialize": "void *pInitArgs",
    "C_Finalize": "void *pReserved",
    "C_GetInfo": "CK_INFO *pInfo",
    "C_GetFunctionList": "CK_FUNCTION_LIST **ppFunctionList",
    "C_GetInterfaceList": "CK_INTERFACE *pInterfacesList, CK_ULONG *pulCount",
    "C_GetInterface": "CK_BYTE *pInterfaceName, CK_VERSION *pVersion, CK_INTERFACE **ppInterface, CK_ULONG flags",
}

#: Functions that are not what their row says alone: module/search.c.
WRITTEN: Final = {"C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal"}

MESSAGE_OPERATIONS: Final = {
    Operation.MESSAGE_ENCRYPT,
    Operation.MESSAGE_DECRYPT,
    Operation.MESSAGE_SIGN,
    Operation.MESSAGE_VERIFY,
}
AUTHENTICATED: Final = {"C_WrapKeyAuthenticated", "C_UnwrapKeyAuthenticated"}


#: Operations whose Init the module answers when it is repeated: the Init, and the call that does the rest in one part.
REPEATED: Final = {
    "C_EncryptInit": "C_Encrypt",
    "C_DecryptInit": "C_Decrypt",
    "C_DigestInit": "C_Digest",
    "C_SignInit": "C_Sign",
    "C_VerifyInit": "C_Verify",
}
ENDING: Final = {ending: starter for starter, ending in REPEATED.items()}
#: No operation of their session is touched by these.
KEEPING: Final = {"C_GetSessionInfo", "C_GetAttributeValue", "C_GetObjectSize", "C_GenerateRandom", "C_SeedRandom"}
#: After these other keys can be used than before, in any session.
FORGETTING: Final = {"C_Login", "C_LoginUser", "C_Logout", "C_CloseAllSessions", "C_InitToken"}
#: What was begun in other sessions may end with these, or be refused from then on.
OTHERS: Final = FORGETTING | {"C_CloseSession", "C_DestroyObject", "C_SetAttributeValue"}
#: The numbers of functions that the hand-written part of the module calls, or knows.
NUMBERED: Final = (
    "C_CloseSession", "C_CloseAllSessions", "C_GetSessionInfo", "C_Login", "C_Logout", "C_FindObjectsInit",
    "C_FindObjects", "C_FindObjectsFinal", "C_LoginUser", "C_SessionCancel",
)  # fmt: skip


def _starter(row: FunctionRow) -> int:
    return BY_NAME[ENDING[row.name]].number if row.name in ENDING else 0


def parameters(row: FunctionRow) -> str:
    if row.needs is Needs.LOCAL:
        return LOCAL[row.name]
    return ", ".join(C_KINDS[kind][0].format(n=name) for name, kind in row.arguments)


def flags(row: FunctionRow) -> str:
    kinds = {kind for _, kind in row.arguments}
    pin = any(name.endswith("Pin") for name, _ in row.arguments)
    found = {
        "SECRET": pin or bool(kinds & {Kind.TEMPLATE, Kind.QUERY, Kind.MECHANISM, Kind.FILL}),
        "PARAMETER": bool(kinds & {Kind.MECHANISM, Kind.MESSAGE_PARAMETER}),
        "MESSAGE": row.operation in MESSAGE_OPERATIONS or row.name in AUTHENTICATED,
        "BEGINS": row.operation in MESSAGE_OPERATIONS and Kind.MECHANISM in kinds,
        "ENCRYPTS": row.operation is Operation.MESSAGE_ENCRYPT or row.name == "C_WrapKeyAuthenticated",
        "SESSION": row.needs is Needs.SESSION,
        "STARTS": row.name in REPEATED,
        f"ENDS | OUTPUT | {_starter(row)}u << ENDS_SHIFT": row.name in ENDING and Kind.BUFFER in kinds,
        f"ENDS | {_starter(row)}u << ENDS_SHIFT": row.name in ENDING and Kind.BUFFER not in kinds,
        "KEEPS": row.name in KEEPING,
        "FORGETS": row.name in FORGETTING,
        "OTHERS": row.name in OTHERS,
        "MAILS": row.name == "C_CreateObject",
    }
    return " | ".join(name for name, holds in found.items() if holds) or "0"


#: The operations that any error of their functions ends, by the flag with which C_SessionCancel ends them: "a call
#: always terminates the active operation unless it returns CKR_BUFFER_TOO_SMALL" (chapters 5.8 to 5.15).
ENDED_BY: Final = {
    Operation.ENCRYPT: MechanismFlag.ENCRYPT,
    Operation.DECRYPT: MechanismFlag.DECRYPT,
    Operation.DIGEST: MechanismFlag.DIGEST,
    Operation.SIGN: MechanismFlag.SIGN,
    Operation.SIGN_RECOVER: MechanismFlag.SIGN_RECOVER,
    Operation.VERIFY: MechanismFlag.VERIFY,
    Operation.VERIFY_RECOVER: MechanismFlag.VERIFY_RECOVER,
    Operation.VERIFY_SIGNATURE: MechanismFlag.VERIFY,
}


def puts_of(row: FunctionRow) -> list[str]:
    puts = []
    for name, kind in row.arguments:
        fault = TOO_LONG_INSTEAD.get((row.name, name), TOO_LONG.get(name))
        if kind is Kind.BYTES and fault:
            puts.append(f"limit(&c, {name}_len, {fault});")
        puts.append(PUT_INSTEAD.get((row.name, name), C_KINDS[kind][1].format(n=name)))
    begins = any(kind is Kind.MECHANISM for _, kind in row.arguments)
    refusable = any(kind in (Kind.BYTES, Kind.BUFFER) for _, kind in row.arguments)
    if row.operation in ENDED_BY and refusable and not begins:
        puts.append(f"call_end_operation(&c, hSession, {ENDED_BY[row.operation]:#x});")
    return puts


def stub(row: FunctionRow) -> str:
    puts = puts_of(row)
    gets = [C_KINDS[kind][2].format(n=name) for name, kind in row.arguments]
    lines = [f"CK_RV {row.name}({parameters(row)})", "{", "    call c;"]
    lines += [f"    if (call_begin(&c, {row.number}, {flags(row)})) {{"]
    lines += [f"        {line}" for line in puts if line]
    got = [f"            {line}" for line in gets if line]
    lines += ["        if (call_run(&c)) {", *got, "        }"] if got else ["        call_run(&c);"]
    return "\n".join([*lines, "    }", "    return call_end(&c);", "}", ""])


def info_reader(row: InfoRow) -> str:
    lines = [f"static void get_{row.struct[3:].lower()}(call *c, {row.struct} *to)", "{"]
    lines += ["    if (c->rv != CKR_OK)", "        return;"]
    for member, word in row.members:
        number = f"    to->{member} = get_number(c);"
        lines.append(number if word == "Q" else f"    get_raw(c, &to->{member}, sizeof to->{member});")
    return "\n".join([*lines, "}", ""])


def stubs_c() -> str:
    remote = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL and row.name not in WRITTEN]
    used = {kind for row in remote for _, kind in row.arguments}
    readers = [info_reader(row) for kind, row in INFOS.items() if kind in used]
    return HEAD + '#include "../hsmith.h"\n\n' + "\n".join([*readers, *map(stub, remote)])


# --- Structures

C_MEMBERS: Final[dict[FieldKind, str]] = {
    FieldKind.ULONG: "CK_ULONG {m};",
    FieldKind.BYTE: "CK_BYTE {m};",
    FieldKind.BOOL: "CK_BBOOL {m};",
    FieldKind.ARRAY: "CK_BYTE {m}[{size}];",
    FieldKind.DATA: "CK_BYTE *{m};",
    FieldKind.INOUT: "CK_BYTE *{m};",
    FieldKind.OUT: "CK_BYTE *{m};",
    FieldKind.OUT_HANDLE: "CK_ULONG {star}{m};",
    FieldKind.STRUCT: "{of} {m};",
    FieldKind.POINTER: "{of} *{m};",
    FieldKind.STRUCTS: "{of} *{m};",
    FieldKind.TEMPLATE: "CK_ATTRIBUTE *{m};",
    FieldKind.VARIANT: "void *{m};",
}

STRUCT_OF: Final = {row.cls: row.struct for row in PARAMS}


def c_member(field: Field, member: str) -> str:
    if member == field.length:
        return f"CK_ULONG {'*' if field.unit is Unit.POINTED else ''}{member};"
    of = STRUCT_OF.get(field.of, "") if isinstance(field.of, type) else ""
    star = "*" if field.pointed else ""
    return C_MEMBERS[field.kind].format(m=member, size=field.size, of=of, star=star)


def c_struct(name: str, members: Iterable[str]) -> str:
    return "\n".join([f"typedef struct {name} {{", *(f"    {member}" for member in members), f"}} {name};", ""])


def params_structs() -> list[str]:
    structs = []
    for row in PARAMS:
        for index, without in enumerate((frozenset[str](), *row.without)):
            members = [(field, member) for field in row.fields for member in field.members if member not in without]
            structs.append(c_struct(layout_struct(row, index), [c_member(field, member) for field, member in members]))
    return structs


def layout_struct(row: ParamsRow, index: int) -> str:
    return row.struct + (f"_SHORT_{index}" if index else "")


def info_struct(row: InfoRow) -> str:
    types = {"Q": "CK_ULONG {m};", "V": "CK_VERSION {m};"}
    return c_struct(
        row.struct,
        (types.get(word, f"CK_BYTE {{m}}[{word[:-1]}];").format(m=member) for member, word in row.members),
    )


BASE: Final = """\
#ifndef HSMITH_PKCS11_H
#define HSMITH_PKCS11_H

#include <stddef.h>

typedef unsigned char CK_BYTE;
typedef unsigned char CK_BBOOL;
typedef unsigned long CK_ULONG;
typedef unsigned long CK_RV;

#define CK_UNAVAILABLE_INFORMATION (~0UL)

typedef struct CK_ATTRIBUTE {
    CK_ULONG type;
    void *pValue;
    CK_ULONG ulValueLen;
} CK_ATTRIBUTE;

typedef struct CK_MECHANISM {
    CK_ULONG mechanism;
    void *pParameter;
    CK_ULONG ulParameterLen;
} CK_MECHANISM;

typedef struct CK_INTERFACE {
    CK_BYTE *pInterfaceName;
    void *pFunctionList;
    CK_ULONG flags;
} CK_INTERFACE;

typedef struct CK_ASYNC_DATA {
    CK_ULONG ulVersion;
    CK_BYTE *pValue;
    CK_ULONG ulValue;
    CK_ULONG hObject;
    CK_ULONG hAdditionalObject;
} CK_ASYNC_DATA;

typedef struct CK_C_INITIALIZE_ARGS {
    CK_RV (*CreateMutex)(void **);
    CK_RV (*DestroyMutex)(void *);
    CK_RV (*LockMutex)(void *);
    CK_RV (*UnlockMutex)(void *);
    CK_ULONG flags;
    void *pReserved;
} CK_C_INITIALIZE_ARGS;
"""

LISTS: Final = {"2.40": "CK_FUNCTION_LIST", "3.0": "CK_FUNCTION_LIST_3_0", "3.2": "CK_FUNCTION_LIST_3_2"}


def function_list(version: str) -> str:
    versions = list(LISTS)[: list(LISTS).index(version) + 1]
    members = [f"CK_RV (*{row.name})({parameters(row)});" for row in FUNCTIONS if row.since in versions]
    return f"struct {LISTS[version]} {{\n    CK_VERSION version;\n    " + "\n    ".join(members) + "\n};\n"


def pkcs11_h() -> str:
    faults = [f"#define CKR_{fault.name} 0x{fault.value:x}UL" for fault in Fault]
    lists = [f"typedef struct {name} {name};" for name in LISTS.values()]
    prototypes = [f"CK_EXPORT CK_RV {row.name}({parameters(row)});" for row in FUNCTIONS]
    parts = [
        HEAD + BASE,
        "\n".join(faults) + "\n",
        *params_structs(),
        *map(info_struct, INFOS.values()),
        "\n".join(lists) + "\n",
        *map(function_list, LISTS),
        '#define CK_EXPORT __attribute__((visibility("default")))\n',
        "\n".join(prototypes) + "\n",
        "#endif\n",
    ]
    return "\n".join(parts)


# --- Tables

C_FIELDS: Final[dict[FieldKind, str]] = {
    **{kind: f"F_{kind.name}" for kind in FieldKind},
    FieldKind.OUT_HANDLE: "F_HANDLE",
}


class Layouts:
    """The structures by which a parameter may come: one for each row, more where older ones are shorter."""

    def __init__(self) -> None:
        self.rows = [
            (row, index, without) for row in PARAMS for index, without in enumerate((frozenset[str](), *row.without))
        ]
        self.of = {row.cls: [at for at, (other, _, _) in enumerate(self.rows) if other is row] for row in PARAMS}
        self.variants = [field for row in PARAMS for field in row.fields if field.kind is FieldKind.VARIANT]
        self.giving: set[type] = set()
        for row in PARAMS:
            if any(self.gives(field) for field in row.fields):
                self.giving.add(row.cls)

    def gives(self, field: Field) -> bool:
        own = (FieldKind.INOUT, FieldKind.OUT, FieldKind.OUT_HANDLE)
        return field.kind in own or (isinstance(field.of, type) and field.of in self.giving)

    def flags(self, field: Field) -> str:
        pointed = field.kind in (FieldKind.DATA, FieldKind.INOUT, FieldKind.OUT)
        found = {
            "NULLABLE": pointed and field.length not in field.members,
            "OUTER": field.outer,
            "MADE": field.made,
            "GIVES": self.gives(field),
            "FIXED": pointed and not field.length,
        }
        return " | ".join(name for name, holds in found.items() if holds) or "0"

    def field(self, row: ParamsRow, field: Field, *, struct: str, without: frozenset[str]) -> str:
        if without.intersection(field.members):
            return "{ F_ZERO, 0, 0, 0, 0, 0, 0 }"
        kind = C_FIELDS[field.kind] + ("_POINTER" if field.pointed else "")
        unit = f"U_{field.unit.name}"
        of = self.of[field.of][0] if isinstance(field.of, type) else 0
        if field.kind is FieldKind.VARIANT:
            of = self.variants.index(field)
        length = str(field.size)
        if field.length:
            owner = next(r.struct for r in PARAMS if field.outer and self.points(r, row)) if field.outer else struct
            length = f"offsetof({owner}, {field.length})"
        offset = f"offsetof({struct}, {field.holder})"
        return f"{{ {kind}, {unit}, {self.flags(field)}, {of}, {offset}, {length}, {field.limit} }}"

    def points(self, row: ParamsRow, to: ParamsRow) -> bool:
        return any(field.of is to.cls for field in row.fields)


def layout_tables(layouts: Layouts) -> list[str]:
    fields, rows = [], []
    for at, (row, index, without) in enumerate(layouts.rows):
        struct = layout_struct(row, index)
        lines = [layouts.field(row, field, struct=struct, without=without) for field in row.fields]
        fields.append(f"static const field fields_{at}[] = {{\n    " + ",\n    ".join(lines) + ",\n};\n")
        marks = f"{str(row.message).lower()}, {str(row.names_keys).lower()}"
        rows.append(f"    {{ {row.number}, sizeof({struct}), {marks}, {len(lines)}, fields_{at} }}, /* {at} */")
    return [
        "\n".join(fields),
        "const layout layouts[] = {\n" + "\n".join(rows) + "\n};\n",
        f"const unsigned layout_count = {len(rows)};\n",
    ]


def variant_tables(layouts: Layouts) -> list[str]:
    tables = []
    for at, field in enumerate(layouts.variants):
        lines = []
        for number, shape in field.of:
            plain = {bytes: "BYTES, 0", int: "NUMBER, 0"}
            form = plain.get(shape) or f"STRUCTURE, {layouts.of[shape][0]}"
            lines.append(f"    {{ {int(number)}, {form} }},\n")
        tables.append(f"static const shape variant_{at}[] = {{\n{''.join(lines)}}};\n")
    names = ", ".join(f"variant_{at}" for at in range(len(layouts.variants)))
    counts = ", ".join(str(len(field.of)) for field in layouts.variants)
    return [
        *tables,
        f"const shape *const variants[] = {{ {names} }};\n",
        f"const unsigned short variant_counts[] = {{ {counts} }};\n",
    ]


def mechanism_line(number: int, row: MechanismRow, layouts: Layouts) -> str:
    taken = [at for shape in row.params if shape in layouts.of for at in layouts.of[shape]]
    assert len(taken) <= 6, row.mechanism.name
    plain = f"{str(bytes in row.params).lower()}, {str(int in row.params).lower()}"
    numbers = ", ".join(map(str, taken)) or "0"
    return f"    {{ 0x{number:x}, {plain}, {len(taken)}, {{ {numbers} }} }}, /* {row.mechanism.name} */"


C_VALUES: Final = {
    ValueKind.BOOL: "V_BOOL",
    ValueKind.ULONG: "V_ULONG",
    ValueKind.BYTES: "V_BYTES",
    ValueKind.DATE: "V_BYTES",
    ValueKind.ULONGS: "V_ULONGS",
    ValueKind.TEMPLATE: "V_TEMPLATE",
}


def sorted_table(declaration: str, count: str, lines: list[str]) -> list[str]:
    """A table and its length; an array of C has at least one element."""
    body = "\n".join(lines) or "    { 0 },"
    return [f"const {declaration}[] = {{\n{body}\n}};\n", f"const unsigned {count} = {len(lines)};\n"]


def tables_c(rows: Mapping[int, MechanismRow] = MECHANISMS) -> str:
    layouts = Layouts()
    mechanisms = [mechanism_line(number, row, layouts) for number, row in sorted(rows.items())]
    attributes = [
        f"    {{ 0x{int(attr):x}, {C_VALUES[row.kind]} }}, /* {row.attr.name} */"
        for attr, row in sorted(ATTRIBUTES.items())
    ]
    names = [f'    "{row.name}",' for row in FUNCTIONS]
    parts = [
        HEAD + '#include "../hsmith.h"\n',
        *layout_tables(layouts),
        *variant_tables(layouts),
        *sorted_table("mechanism_row mechanisms", "mechanism_count", mechanisms),
        *sorted_table("attribute_row attributes", "attribute_count", attributes),
        *sorted_table("char *const function_names", "function_count", names),
    ]
    return "\n".join(parts)


def tables_h() -> str:
    major, minor = hsmith.__version__.split(".")[:2]
    lists = []
    for version in LISTS:
        names = [row.name for row in FUNCTIONS if row.since == version]
        if version == "2.40":
            names[names.index("C_GetInfo")] = "get_info"
        argument = "(get_info)" if version == "2.40" else ""
        lists.append(
            f"#define FUNCTIONS_{version.replace('.', '_')}{argument} \\\n    " + ", \\\n    ".join(names) + "\n"
        )
    words = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[2:]).upper() for name in NUMBERED]
    numbers = [f"#define {word} {BY_NAME[name].number}" for word, name in zip(words, NUMBERED, strict=True)]
    parts = [
        HEAD + f"#define TABLES_HASH 0x{table_hash():016x}ULL",
        *numbers,
        f"#define LIBRARY_MAJOR {major}\n#define LIBRARY_MINOR {minor}\n",
        *lists,
    ]
    return "\n".join(parts)


def tables_py() -> str:
    """For clients in Python, which need not load all tables to say which they were made from."""
    head = (
        '"""Made by tools/gen.py from the tables of hsmith.spec. Not to be edited."""\n\nfrom typing import Final\n\n'
    )
    return f"{head}TABLES_HASH: Final = 0x{table_hash():016X}\n"


FILES: Final[dict[str, Callable[[], str]]] = {
    "src/hsmith/wire/tables.py": tables_py,
    "module/generated/pkcs11.h": pkcs11_h,
    "module/generated/stubs.c": stubs_c,
    "module/generated/tables.h": tables_h,
    "module/generated/tables.c": tables_c,
}


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = []
    for name, make in FILES.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for name in stale:
        print(f"{name} is stale: run python tools/gen.py" if arguments else f"wrote {name}")
    return 1 if stale and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
