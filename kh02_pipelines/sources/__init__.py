"""Readers: each turns one outside format into a raw frame, every value as text, with its row number.

Belongs here: opening, bounding and decoding files, and naming the file and row of what is wrong. Does not
belong here: correcting or judging what a source says (``register``).
"""
