"""How tables of an older version are brought forward, step by step and never for long at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    type Step = Callable[[Connection], bool]
    """Does a part of the way from one version to the next, in a transaction of its own.

    Returns whether the way is done; it is called again until it is. A part takes well under a
    second, since nothing else of the recorder's goes on meanwhile. A stop between two parts loses
    nothing: the next start goes on where the last one was.
    """


class NewerFormatError(Exception):
    """What is stored has a format that this version does not know: it is left alone."""

    def __init__(self, component: str, version: int) -> None:
        super().__init__(f"{component} has version {version}, which is newer than is known here")
        self.component = component
