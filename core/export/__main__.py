"""`python -m core.export "<link>" picture.png`: see core.export.command."""

import sys

from core.export.command import main

sys.exit(main(sys.argv[1:]))
