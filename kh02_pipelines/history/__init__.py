"""The time axis: dated links, rulings on them, unit versions, events, successions and the paths between days.

Belongs here: what the law says of units over time. Does not belong here: reading files (``sources``), comparing
sources (``intake``) or published tables (``catalogue``).
"""
