"""Reads a report back by foreign readers: read.py REPORT.json FORMAT FILE

Says how many values were compared, or which one differs, with exit code 1.
"""

import importlib
import json
import pathlib
import sys

from common import Compared, Differs


def main():
    stored, form, path = sys.argv[1:]
    report = json.loads(pathlib.Path(stored).read_text(encoding="utf-8"))
    compared = Compared()
    try:
        importlib.import_module(f"as_{form}").check(pathlib.Path(path), report, compared)
    except Differs as error:
        sys.exit(f"{form}: {error}")
    print(compared.count)


main()
