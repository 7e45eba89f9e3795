"""The reference of docs/python.md, from the docstrings.

tests/python/run --python tests/python/reference.py writes it anew.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "python.md"

#: What is public: of a class, its methods too.
_NAMES = [
    ("manyfit", "fit"),
    ("manyfit", "fit_rows"),
    ("manyfit", "Fleet"),
    ("manyfit", "Model"),
    ("manyfit.spark", "fit"),
    ("manyfit.spark", "forecast"),
    ("manyfit.ray", "fit"),
    ("manyfit.ray", "forecast"),
]


def reference() -> str:
    """The reference as Markdown."""
    parts = []
    for module, name in _NAMES:
        thing = getattr(importlib.import_module(module), name)
        if not inspect.isclass(thing):
            parts.append(_entry("###", f"{module}.{name}", thing))
            continue
        parts.append(f"### `{module}.{name}`\n\n{_text(thing)}")
        for method, member in vars(thing).items():
            if not method.startswith("_") and not isinstance(member, str):
                parts.append(_entry("####", f"{name}.{method}", member))
    return "\n\n".join(parts) + "\n"


def page(text: str) -> str:
    """The page with the reference of this version."""
    before, heading, _ = text.partition("## Reference\n")
    return f"{before}{heading}\n{reference()}"


def _entry(heading: str, name: str, member: Any) -> str:
    if isinstance(member, property):
        return f"{heading} `{name}`\n\n{_text(member)}"
    function = member.__func__ if isinstance(member, classmethod) else member
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    return f"{heading} `{name}{inspect.Signature(parameters)}`\n\n{_text(function)}"


def _text(thing: Any) -> str:
    """A docstring as Markdown: its sections as lists, its double backticks as single ones."""
    lines: list[str] = []
    section = ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        if match := re.fullmatch(r"(Args|Returns|Raises|Warns|Attributes):", line):
            section = match[1]
            lines += [f"{section}:", ""]
            continue
        text = re.sub(r":\w+:`~?\.?([^`]+)`", r"`\1`", line.strip()).replace("``", "`")
        indent = len(line) - len(line.lstrip())
        if not text or not section or indent == 0:
            lines.append(text)
        elif section != "Returns" and indent == 4 and (match := re.fullmatch(r"(\**\w+): (.*)", text)):
            lines.append(f"- `{match[1]}`: {match[2]}")
        elif section == "Returns":
            lines.append(text)
        else:
            lines.append(f"  {text}")
    return "\n".join(lines).strip()


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
