"""THE declaration of every published table and its projections.

Belongs here: columns, types, keys and meanings (``units``, ``crosswalks``, ``history``), the list of them
(``catalogue``), and what follows from them mechanically (``arrow``, ``sql``, ``dictionary``). Does not belong
here: rows.
"""
