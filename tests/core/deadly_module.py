"""A module whose import ends the process, for a test of the zygote's preload."""

import os

os._exit(9)
