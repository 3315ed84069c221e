"""PyYAML, without the patterns that only its readers in Python ask for.

They take longer to compile than all of it to import, and where its C parser is installed nobody asks. So each is
compiled when it is asked for. Where other threads run it is imported as it is: they might compile a pattern meanwhile.
"""

from __future__ import annotations

import base64  # noqa: F401 - what PyYAML imports is there before, and has its own patterns
import datetime  # noqa: F401
import re
import sys
from typing import Any

__all__ = ["yaml"]


class _Pattern:
    """A pattern that is compiled when it is asked for something."""

    def __init__(self, *given: Any) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        return getattr(COMPILE(*self._given), name)


COMPILE = re.compile

threading = sys.modules.get("threading")
if threading is None or threading.active_count() == 1:
    re.compile = _Pattern  # type: ignore[assignment]
try:
    import yaml
finally:
    re.compile = COMPILE
