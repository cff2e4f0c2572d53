"""One light for whoever is on duty: what readers have, what runs, and what is wrong.

Belongs here: the facts of the stores (``facts``), what makes a fact a problem (``problems``), and how both are told
(``status``). Does not belong here: Dagster (``resources.instance_facts`` reads it), printing (``cli``), pages
(``webserver``), or sending anything (``automation.alerts``).
"""
