# ruff: noqa: RUF001  # French has its own apostrophe
"""What energy cost by period, and split as asked for."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="cost_analysis",
    title=("Cost analysis", "Analyse des coûts"),
    folder=__name__,
    takes=frozenset({"date_range", "devices", "grouping", "breakdown_by", "include_charts"}),
    needs_devices=True,
    about_money=True,
    words={
        "bill": ("What it cost", "Ce que cela a coûté"),
        "bill_item": ("Item", "Poste"),
        "included_tax": ("of which tax at {percent}%", "dont taxes à {percent} %"),
        "bill_periods": ("By tariff period", "Par période tarifaire"),
        "bill_comparison": ("Compared with", "En comparaison"),
        "bill_monthly": ("Months", "Mois par mois"),
        "bill_daily": ("Days", "Jour par jour"),
        "reading_start": ("Reading before", "Ancien index"),
        "reading_end": ("Reading after", "Nouvel index"),
        "average_price": ("Average price", "Prix moyen"),
        "amount": ("Amount", "Montant"),
        "compared_with": ("Period", "Période"),
        "more_money": ("Difference", "Différence"),
        "more_energy": ("Energy difference", "Écart d’énergie"),
    },
)
