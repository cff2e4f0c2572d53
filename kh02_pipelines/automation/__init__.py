"""Jobs and schedules: when what runs.

Belongs here: selections and times. Does not belong here: what runs (``assets``).
"""
