"""hsmith: a software HSM. Keys are made, kept and used in one process, the keeper; programs ask it to use them."""

__version__ = "0.1.0"
