"""From successions to crosswalks: which new units an old code leads to, and how.

Belongs here: composing successions between two dates, relations, and the three crosswalk tables. Does not
belong here: what a unit is (``register``) and users' own tables (``remap``).
"""
