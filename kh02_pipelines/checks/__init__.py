"""Dagster asset checks: rules and declarations, shown with their word, severity, failing rows and remedy.

Belongs here: wrapping. Does not belong here: the rules (``register.invariants``, ``crosswalk.invariants``) or
the declarations (``tables``).
"""
