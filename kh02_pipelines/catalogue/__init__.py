"""The published tables of one day, and the order of the steps that make them.

Belongs here: units, crosswalks and the flow of rows. Does not belong here: what a link means (``history``), judging
(``checks``) or publishing (``release``).
"""
