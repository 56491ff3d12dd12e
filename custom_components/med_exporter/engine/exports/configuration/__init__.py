# ruff: noqa: RUF001  # French has its own apostrophe
"""How everything is set up."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="configuration",
    title=("Configuration", "Configuration"),
    folder=__name__,
    administrators_only=True,
    tables=lambda _request: 0,
    words={
        "metering_points": ("Metering points", "Points de comptage"),
        "plugs": ("Plugs", "Prises"),
        "destinations": ("Destinations", "Destinations"),
        "tariffs": ("Tariffs", "Tarifs"),
        "schedules": ("Schedules", "Planifications"),
        "limits": ("Limits", "Limites"),
        "users": ("Users", "Utilisateurs"),
        "interval_min": ("Interval", "Intervalle"),
        "data_types": ("Data", "Données"),
        "username": ("User name", "Nom d’utilisateur"),
        "secret": ("Secret", "Secret"),
        "labels": ("Labels", "Étiquettes"),
        "settings": ("Settings", "Réglages"),
        "valid_from": ("Valid from", "Valable à partir du"),
        "days": ("Days", "Jours"),
        "start": ("From", "De"),
        "end": ("To", "À"),
        "up_to_kwh": ("Up to", "Jusqu’à"),
        "price": ("Price", "Prix"),
        "schedule": ("Schedule", "Planification"),
        "export_type": ("Export", "Export"),
        "format": ("Format", "Format"),
        "request": ("Request", "Demande"),
        "delivery": ("Delivery", "Envoi"),
        "recipients": ("Recipients", "Destinataires"),
        "next_run": ("Next run", "Prochaine exécution"),
        "last_run": ("Last run", "Dernière exécution"),
        "active": ("Active", "Actif"),
        "value": ("Value", "Valeur"),
        "unit": ("Unit", "Unité"),
    },
)
