"""Every kind's form in PyTorch."""

from __future__ import annotations

from .learned import RULES as LEARNED
from .plain import RULES as PLAIN_RULES
from .sampled import RULES as SAMPLED

RULES = {**LEARNED, **PLAIN_RULES, **SAMPLED}
"""Kind -> its form: held complete by a test, apart from `unknown`."""
