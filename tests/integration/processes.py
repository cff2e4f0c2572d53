"""Child processes that start in a hundredth of a second: forked off a server that has imported the publisher.

Belongs here: starting them. Does not belong here: what they do.
"""

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

import pytest


def start_fork_server() -> ForkServerContext:
    """The context of a running fork server.

    Python 3.11 does not hand its search path to the server, which then imports nothing and says nothing: the
    environment has to.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["synthetic"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        forkserver.ensure_running()
    return context
