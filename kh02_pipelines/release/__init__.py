"""Stage, audit, publish: from a candidate's tables to what readers read.

Belongs here: content hashes, staged bytes, the publisher's audit, the Parquet and database stores. Does not
belong here: how tables come about (``register``, ``crosswalk``).
"""
