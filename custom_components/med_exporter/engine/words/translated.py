"""What codes are called in the forms of the house, for its documents too.

The words stand in the integration's translations, which are read only where a document is written.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER: Final = Path(__file__).parents[2] / "translations"


@cache
def choices(selector: str, locale: str) -> Mapping[str, str]:
    """Return what the choices of a form's selector are called, by their codes.

    Args:
        selector: such as `preset`; one that is missing raises KeyError.
        locale: `en` or `fr`.

    """
    told = orjson.loads((_FOLDER / f"{locale}.json").read_bytes())
    options: Mapping[str, str] = told["selector"][selector]["options"]
    return options
