"""KH02 pipelines: carry Viet Nam's registers over to the two-tier administrative model.

The package is laid out so that imports run one way: ``names`` and ``tables`` know nothing of the rest,
``definitions`` and ``cli`` know everything. Only the Dagster layers import Dagster.
"""

__version__ = "0.1.0"
