"""When an export may be a file that is there already: nothing that goes into it has changed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from ..engine.codec import to_json

if TYPE_CHECKING:
    from datetime import datetime

    from ..engine.job import Job

_HOW_IT_IS_MADE = ("path", "given", "device_names", "background_processing", "cache_results")
_OF_ONE_EXPORT = ("export_id", "created_at")
"""What the metadata say of one making of the file."""


def cache_key(job: Job, now: datetime, *, administrator: bool) -> str | None:
    """Return what jobs that make the same file have in common, in hexadecimal.

    It is None while the job's range is not over at `now`: more may come. Presets and dates, names
    and ids of devices come to the same key; a changed name, address, limit or key behind
    pseudonyms to another one. What a report tells of the moment it is made at is no part of it.
    As reports tell administrators more, theirs are files of their own. The key tells nothing of
    the job.
    """
    if job.end > now.timestamp():
        return None
    plan = to_json(job)
    for name in _HOW_IT_IS_MADE:
        del plan[name]
    del plan["options"]["chunk_size"]
    plan["administrator"] = administrator
    plan["metadata"] = {
        name: value for name, value in plan["metadata"].items() if name not in _OF_ONE_EXPORT
    }
    for device in plan["devices"]:
        del device["last_seen"]
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
