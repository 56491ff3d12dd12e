"""What the whole installation shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

if TYPE_CHECKING:
    from .audit import AuditLog
    from .costs import Costs
    from .delivery import Deliveries
    from .exports.jobs import JobManager
    from .history.history import History
    from .installation.retention import Retention
    from .ledger import Ledger
    from .pushes.runner import PushRunner
    from .schedules.scheduler import Scheduler
    from .vault import Vault


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporter:
    """What the rooms share, each by the name of its room."""

    audit: AuditLog
    costs: Costs
    deliveries: Deliveries
    history: History
    jobs: JobManager
    ledger: Ledger
    pushes: PushRunner
    retention: Retention
    schedules: Scheduler
    vault: Vault


DATA_EXPORTER: HassKey[Exporter] = HassKey(DOMAIN)
