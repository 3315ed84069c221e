"""How PyYAML is imported: quickly, and as good as if it had been imported by itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTED = """
import re
{before}
real = re.compile
from cnncalc.language.yaml.pyyaml import yaml
assert re.compile is real
pattern = yaml.reader.Reader.NON_PRINTABLE
print(isinstance(pattern, re.Pattern), bool(pattern.search("a\\x07")), bool(pattern.search("a\\u20ac")))
text = "a: [1, 2.5, yes, 2024-01-02, !!binary aGk=, ~]\\nb: {{c: 0x1F, d: 1e3, e: .inf}}\\n"
print(yaml.load(text, Loader=yaml.SafeLoader))
print(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == yaml.load(text, Loader=yaml.SafeLoader))
try:
    yaml.load("a: \\x07", Loader=yaml.SafeLoader)
except yaml.YAMLError as error:
    print(type(error).__name__)
"""

LOADED = "{'a': [1, 2.5, True, datetime.date(2024, 1, 2), b'hi', None], 'b': {'c': 31, 'd': '1e3', 'e': inf}}\nTrue\nReaderError\n"


def printed(before: str) -> str:
    """What a fresh process prints."""
    code = IMPORTED.format(before=before)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("before", "compiled"),
    [
        ("", False),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(3,), daemon=True).start()", True),
        ("import yaml", True),
    ],
    ids=["alone", "beside a thread", "after PyYAML"],
)
def test_its_patterns_are_compiled_when_they_are_asked_for(before: str, compiled: bool) -> None:
    """Its reader in Python, its resolver and its constructor do what they do; elsewhere nothing is other."""
    assert f"{compiled} True False\n{LOADED}" == printed(before)
