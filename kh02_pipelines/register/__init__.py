"""Units, versions, events, cleaning, rulings and the structural rules they must keep.

Belongs here: everything that decides what a unit is and when. Does not belong here: reading files
(``sources``) and the tables that link two dates (``crosswalk``).
"""
