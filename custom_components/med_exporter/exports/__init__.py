"""File exports: the request and its checks, the queue, the worker process, the files."""

from __future__ import annotations
