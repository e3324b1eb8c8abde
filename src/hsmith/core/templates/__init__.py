"""Templates: what makes an object, what may be changed, read and searched in it. Pure functions over dicts."""

from hsmith.core.templates.changing import change, copy
from hsmith.core.templates.making import (
    create,
    decapsulate,
    derive,
    encapsulate,
    finish_derived,
    finish_encapsulated,
    finish_generated,
    finish_unwrapped,
    generate,
    migrated,
    unwrap,
)
from hsmith.core.templates.reading import check_search, check_wrap_template, index, matches, read, searchable, size
from hsmith.core.templates.values import Attributes, parse

__all__ = [
    "Attributes",
    "change",
    "check_search",
    "check_wrap_template",
    "copy",
    "create",
    "decapsulate",
    "derive",
    "encapsulate",
    "finish_derived",
    "finish_encapsulated",
    "finish_generated",
    "finish_unwrapped",
    "generate",
    "index",
    "matches",
    "migrated",
    "parse",
    "read",
    "searchable",
    "size",
    "unwrap",
]
