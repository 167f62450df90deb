"""Django's command line for this schema: `python schema/manage.py migrate`."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Runs the command with the project's root, not this folder, on the import path."""
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schema.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
