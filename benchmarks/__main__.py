"""``python -m benchmarks [NAME …]``: run every benchmark, or the named ones, and print what they measure."""

import importlib
import pkgutil
import sys

import benchmarks

HELPERS = {"__main__", "plain_script"}


def main() -> None:
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in HELPERS]
    wanted = sys.argv[1:] or sorted(names)
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(sorted(names))}")
    failed = [name for name in wanted if not importlib.import_module(f"benchmarks.{name}").run()]
    if failed:
        sys.exit(f"above the limit: {', '.join(failed)}")


if __name__ == "__main__":
    main()
