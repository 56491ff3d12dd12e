"""Turn the recorder's states into export files, without Home Assistant.

It runs as a process of its own (`__main__.py`) or in a thread (`run.run_job`), and imports only
the standard library, SQLAlchemy, orjson and itself.
"""
