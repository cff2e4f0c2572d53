"""The quality report of a release: one self-contained HTML file, and the same results as a table.

Belongs here: what the report says (``model``), how it looks (``render``, ``report.html.j2``) and the rows of
``quality_result``. Does not belong here: judging (rules), or deciding when a report is written (``assets``).
"""
