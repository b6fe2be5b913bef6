"""`python -m bench NAME`: run one of the measuring programs beside this file; without a name, list them."""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    names = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print(f"usage: make bench ARGS=NAME, where NAME is one of: {', '.join(names)}")
        raise SystemExit(2)
    sys.argv = sys.argv[1:]
    runpy.run_module(f"bench.{sys.argv[0]}", run_name="__main__")


if __name__ == "__main__":
    main()
