"""Prints how it was started, as JSON; launcher_test.py looks at it."""

import json
import os
import sys

print(
    json.dumps(
        {
            "arguments": sys.argv[1:],
            "flags": {name: getattr(sys.flags, name) for name in ("no_site", "safe_path", "utf8_mode", "no_user_site")},
            "hash_seed": os.environ.get("PYTHONHASHSEED"),
            "path": sys.path,
            "shown": os.environ.get("SHOWN"),
        }
    )
)
