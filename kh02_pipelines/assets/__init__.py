"""Thin Dagster assets, one module per group: read, call one domain function, return with metadata.

Belongs here: asset declarations and their metadata. Does not belong here: anything worth testing without
Dagster. No module here uses postponed annotations: Dagster resolves types at run time.
"""
