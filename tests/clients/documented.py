#!/usr/bin/env python3
"""Each configuration that README and docs show is one: `signalbox check` has nothing to say of it, but of what a part of
one leaves out (MISSING)."""
import glob
import os
import re
import subprocess
import tempfile

from signalbox_server import BINARY, ROOT
from tap import Tap

BLOCK = re.compile(r"^( *)```(yaml|json)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
# What a part names and another part says.
MISSING = re.compile(r': (the key "(providers|dialect|base_url)" is missing|has no credential: |there is no (provider|client key|model (and no route )?"[^"]+"( and no|, and no) provider) )')
BEGINS = re.compile(r'(\s*#.*\n)*\{?\s*"?(server|providers|models|routes|rules|tasks|failover|failures|probes)"?:')


def configurations():
    """(where, kind, text) of each block that begins with a key of ours; others are other programs'."""
    for path in ["README.md", *sorted(glob.glob("docs/**/*.md", recursive=True, root_dir=ROOT))]:
        with open(os.path.join(ROOT, path)) as file:
            page = file.read()
        for block in BLOCK.finditer(page):
            text = "".join(line.removeprefix(block.group(1)) for line in block.group(3).splitlines(True))
            if BEGINS.match(text):
                yield "%s:%d" % (path, page[:block.start()].count("\n") + 2), block.group(2), text


def check(tap, where, kind, text):
    with tempfile.TemporaryDirectory(prefix="signalbox-documented-") as folder:
        path = os.path.join(folder, "config." + kind)
        with open(path, "w") as file:
            file.write(text)
        variables = {name: "made-up-" + name.lower() for name in re.findall(r"\$\{(\w+)\}", text)}
        done = subprocess.run([BINARY, "check", "--config", path], capture_output=True, text=True, timeout=30, env={**os.environ, **variables})
    said = [line for line in (done.stdout + done.stderr).splitlines() if re.match(re.escape(path) + r":\d+:\d+: ", line) and not MISSING.search(line)]
    tap.equal("%s is a configuration, or a part of one" % where, said, [])


def main():
    tap = Tap("documented")
    count = 0
    for where, kind, text in configurations():
        check(tap, where, kind, text)
        count += 1
    tap.check("there are some", count > 15, count)
    tap.exit()


if __name__ == "__main__":
    main()
