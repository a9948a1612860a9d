"""The site with the bare endpoint beside it: `desk_server PORT`, until a signal."""

import sys

from jiesu.project import serving

serving.SETTINGS = "bench.bare.settings"

if __name__ == "__main__":
    serving.serve("127.0.0.1", int(sys.argv[1]), print)
