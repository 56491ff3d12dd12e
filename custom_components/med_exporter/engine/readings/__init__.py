"""From states to readings: in order of time, filtered, filled where something is missing."""
