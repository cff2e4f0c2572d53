"""Rules: named conditions on a candidate, with the rows that break them and what to do about each.

Belongs here: rules, their Vietnamese remedies, and Great Expectations suites. Does not belong here: Dagster
(``assets.asset_checks`` shows rules there) or deciding what a failed rule stops (``release.audit``).
"""
