"""Runs a project as `hq run` does, in a process of its own that a test may kill.

Arguments: folder of the project, then backend and profile, each or `-`.
"""

import os
import resource
import runpy
import sys
import warnings
from pathlib import Path


def main() -> int:
    """Exit status 0 where everything that had to run ended well."""
    warnings.simplefilter("ignore")
    limit = os.environ.get("LARGEST_FILE_BYTES")
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    folder, backend, profile = sys.argv[1:4]
    project = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Project"](Path(folder))
    choices = [None if name == "-" else name for name in (backend, profile)]
    return 0 if project.run(*choices, echo=sys.stdout).success else 1


if __name__ == "__main__":
    sys.exit(main())
