"""The export types that exist; importing this loads none of their libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exports import (
    audit_logs,
    configuration,
    contract_comparison,
    cost_analysis,
    device_data,
    system_report,
)

if TYPE_CHECKING:
    from .exports.export_type import ExportType

EXPORT_TYPES: dict[str, ExportType] = {
    folder.EXPORT_TYPE.id: folder.EXPORT_TYPE
    # A new export type is its folder here.
    for folder in (
        device_data,
        cost_analysis,
        contract_comparison,
        system_report,
        audit_logs,
        configuration,
    )
}
