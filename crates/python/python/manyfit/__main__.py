"""``python -m manyfit``: the same as the command ``manyfit``."""

from manyfit._command import main

main()
