"""How finished files reach their readers: by mail, by notification, into a folder."""

from __future__ import annotations

from .deliveries import DATA_DELIVERIES, Deliveries
from .errors import DeliveryError

__all__ = ["DATA_DELIVERIES", "Deliveries", "DeliveryError"]
