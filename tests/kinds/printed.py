"""What people read in a PDF file."""

from __future__ import annotations

import subprocess


def words_in(pdf: bytes) -> str:
    """Return the text of a PDF file."""
    command = ["pdftotext", "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
