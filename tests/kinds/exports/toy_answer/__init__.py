"""An export type that nobody needs: an answer as often as it is wanted, and who asked."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="toy_answer",
    title=("Answer", "Réponse"),
    folder=__name__,
    takes=frozenset({"date_range"}),
    own={"how_often": {"type": "integer", "minimum": 1, "maximum": 9}},
    read_own=lambda reader: {"how_often": reader.integer("how_often", 1, 9) or 1},
    words={"answer": ("What it is", "Solution")},
)
