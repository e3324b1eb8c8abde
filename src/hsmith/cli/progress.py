"""How far a long command is: a bar on the terminal; nothing where standard error is none."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

WIDTH = 30
SECONDS = 0.1


class Bar:
    """Shown while its block runs. ``show`` may be called from one thread, as often as you like."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.shown = sys.stderr.isatty()
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def show(self, done: int, total: int) -> None:
        if not self.shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SECONDS
        share = min(done / total, 1.0) if total else 0.0
        bar = ("#" * round(share * WIDTH)).ljust(WIDTH)
        print(f"\r{self.title} [{bar}] {share:4.0%}", end="", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def watching(self, ask: Callable[[], dict[str, Any]]) -> Iterator[None]:
        """Ask again and again, in a thread, what is to be shown."""
        ended = threading.Event()

        def watch() -> None:
            with contextlib.suppress(Exception):  # the work itself says what is wrong
                while not ended.wait(SECONDS):
                    found = ask()
                    self.show(found["done"], found["total"])

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def working(title: str) -> Iterator[None]:
    """A clock, for work of which nobody knows how long it takes."""
    if not sys.stderr.isatty():
        yield
        return
    began, ended = time.monotonic(), threading.Event()

    def watch() -> None:
        while not ended.wait(SECONDS):
            print(f"\r{title} ... {time.monotonic() - began:.0f} s", end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        print("\r\033[K", end="", file=sys.stderr, flush=True)
