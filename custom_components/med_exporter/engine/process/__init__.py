"""The engine as a process of its own: it is told a job by a line of JSON, and answers by lines."""
