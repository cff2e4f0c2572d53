"""What configured sources say, compared with the reference and with each other: conflicts, rulings, quarantine.

Belongs here: everything between a source's rows and the frames that a catalogue is built of. Does not belong
here: opening files (``sources``) and the published tables of units (``catalogue``).
"""
