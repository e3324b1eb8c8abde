"""Builds hostile.c, the module against a hostile keeper, with libFuzzer and the sanitizers; and its seeds.

    python tests/fuzz/hostile.py FOLDER [SECONDS]    build there, run, and add what is new to corpus_module.txt

An input that fails is left in FOLDER; FOLDER/hostile FILE tries it again.
"""

import os
import subprocess
import sys
from hashlib import sha1
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fake_keeper import CARRIED, RESULTS
from hsmith.spec.functions import FUNCTIONS, FunctionRow, Kind, Needs
from hsmith.spec.infos import INFOS
from hsmith.wire import codec
from module_build import ROOT, generator

HERE: Final = Path(__file__).resolve().parent
#: A line for each input, in hexadecimal; first those that once failed.
CORPUS: Final = HERE / "corpus_module.txt"
SANITIZERS: Final = "-fsanitize=fuzzer,address,undefined"
REMOTE: Final = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL]

#: For each kind: statements before the call, and the arguments. {n} is the argument's name.
CALLS: Final[dict[Kind, tuple[str, str]]] = {
    Kind.ULONG: ("", "number()"),
    Kind.BOOL: ("", "(CK_BBOOL)choose_byte()"),
    Kind.BYTES: ("CK_ULONG {n}_len; void *{n} = some_bytes(&{n}_len);", "{n}, {n}_len"),
    Kind.LABEL: ("", "room(32)"),
    Kind.NAME: ("", "name()"),
    Kind.MECHANISM: ("", "mechanism({message})"),
    Kind.TEMPLATE: ("CK_ULONG {n}_count; CK_ATTRIBUTE *{n} = template(&{n}_count, 0);", "{n}, {n}_count"),
    Kind.QUERY: ("CK_ULONG {n}_count; CK_ATTRIBUTE *{n} = template(&{n}_count, 0);", "{n}, {n}_count"),
    Kind.MESSAGE_PARAMETER: ("CK_ULONG {n}_len; void *{n} = message_parameter(&{n}_len);", "{n}, {n}_len"),
    Kind.RESERVED: ("", "NULL"),
    Kind.IGNORED: ("", "NULL"),
    Kind.ULONG_OUT: ("", "room(sizeof(CK_ULONG))"),
    Kind.BUFFER: ("CK_ULONG {n}_len; void *{n} = some_bytes(&{n}_len);", "{n}, length_of({n}_len)"),
    Kind.FILL: ("CK_ULONG {n}_len; void *{n} = some_bytes(&{n}_len);", "{n}, {n}_len"),
    Kind.ULONG_LIST: ("CK_ULONG {n}_len = some_length(); void *{n} = room(8 * {n}_len);", "{n}, length_of({n}_len)"),
    Kind.FOUND: ("CK_ULONG {n}_len = some_length(); void *{n} = room(8 * {n}_len);", "{n}, {n}_len, length_of(0)"),
    Kind.ASYNC_BUFFER: ("CK_ULONG {n}_len; void *{n} = some_bytes(&{n}_len);", "{n}, {n}_len"),
    Kind.ASYNC_DATA: ("", "room(sizeof(CK_ASYNC_DATA))"),
    **{kind: ("", f"room(sizeof({row.struct}))") for kind, row in INFOS.items()},
}


def call(row: FunctionRow) -> str:
    """The case of one function in the switch over functions."""
    before = " ".join(CALLS[kind][0].format(n=name) for name, kind in row.arguments)
    message = str("MESSAGE" in generator().flags(row)).lower()
    arguments = ", ".join(CALLS[kind][1].format(n=name, message=message) for name, kind in row.arguments)
    return f"    case {row.number}: {{ {before} {row.name}({arguments}); break; }}\n"


def build(folder: Path) -> Path:
    """Compile the program into ``folder``, with $CLANG (default: clang)."""
    cases = "".join(call(row) for row in REMOTE)
    source = folder / "calls.c"
    source.write_text(
        '#include "hostile.h"\n\nvoid call_function(unsigned function)\n{\n'
        f"    switch (function) {{\n{cases}    }}\n}}\n"
    )
    module = [path for path in (ROOT / "module").glob("*.c") if path.name != "start.c"]
    module += (ROOT / "module/generated").glob("*.c")
    program = folder / "hostile"
    hooks = [f"-D{name}=hostile_{name}" for name in ("sendmsg", "recv", "shutdown")]
    command = [os.environ.get("CLANG", "clang"), "-std=c11", "-g", "-O1", "-pthread", "-fno-sanitize-recover=all"]
    command += [SANITIZERS, f"-I{ROOT / 'module'}", f"-I{HERE}", *hooks, "-o", str(program)]
    subprocess.run([*command, HERE / "hostile.c", source, *module], check=True)
    return program


def seed(row: FunctionRow) -> bytes:
    """One call with ordinary arguments, and the answer that an honest keeper gives."""
    results = [
        tuple(0 if word == "Q" else (3, 0) if word == "V" else "text" for _, word in INFOS[kind].members)
        if kind in INFOS
        else RESULTS[kind]({Kind.QUERY: (3,), Kind.MECHANISM: None}.get(kind, 16) if kind in CARRIED else None)
        for _, kind in row.arguments
        if kind in RESULTS or kind in INFOS
    ]
    payload = codec.encode_reply(row, results)
    return bytes([1, row.number, 0, 0]) + len(payload).to_bytes(2, "little") + payload


def unpack(folder: Path) -> None:
    """The corpus as files: what is committed, and a seed for each function."""
    folder.mkdir(exist_ok=True)
    inputs = [bytes.fromhex(line.split("#")[0]) for line in CORPUS.read_text().splitlines()]
    for data in [*inputs, *map(seed, REMOTE)]:
        (folder / sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def run(program: Path, corpus: list[Path], folder: Path, seconds: int) -> str:
    """Fuzz for so long, after all of the corpus; new inputs go to its first folder. The report; or Failed."""
    options = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    environment = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"}
    command = [str(program), *options, f"-artifact_prefix={folder}/", *map(str, corpus)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 120, cwd=folder)
    if done.returncode:
        raise Failed(done.stderr[-10000:])
    return str(done.stderr)


class Failed(Exception):
    """The sanitizers' report, with the input."""


def main() -> None:
    folder, seconds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    fresh, known = folder / "found", folder / "corpus"
    fresh.mkdir(exist_ok=True)
    unpack(known)
    before = set(known.iterdir())
    program = build(folder)
    print(run(program, [fresh, known], folder, seconds)[-1500:])
    subprocess.run([program, "-use_counters=0", "-merge=1", known, fresh], check=True, capture_output=True)
    new = sorted(set(known.iterdir()) - before)
    with CORPUS.open("a") as corpus:
        corpus.writelines(path.read_bytes().hex() + "\n" for path in new)
    print(f"{len(new)} new inputs in {CORPUS}")


if __name__ == "__main__":
    main()
