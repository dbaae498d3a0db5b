#!/usr/bin/env python3
"""What scripts/size-report --check lets pass and what not. Needs no build."""
import copy
import importlib.machinery
import importlib.util
import pathlib
import sys

sys.dont_write_bytecode = True
_PATH = str(pathlib.Path(__file__).resolve().parent.parent.parent / "scripts" / "size-report")
_LOADER = importlib.machinery.SourceFileLoader("size_report", _PATH)
size_report = importlib.util.module_from_spec(importlib.util.spec_from_loader("size_report", _LOADER))
_LOADER.exec_module(size_report)

ACCEPTED = {"A": {"raw": 500_000, "gzip -9": 200_000, "folders": {"core/json": 100_000, "core/auth": 1_000}}}
MAP = """\
    Addr      Off     Size Out     In      Symbol
       -     16f4      2ba CODE
       -     16f6       10         core/libx.a(CMakeFiles/x.dir/dialects/anthropic/answer.cpp.obj):(_ZN9signalbox1fEv)
       -     16f6       10                 signalbox::f()
       -     1702       20         hosts/wasi/CMakeFiles/w.dir/abi/memory.cpp.obj:(_ZNSt3__26vectorIiE4growEv)
       -     1722       30         /usr/lib/wasm32-wasi/libc.a(dlmalloc.o):(malloc)
       -     a17ae     fe88 DATA
  100000     a17af       50 .rodata
  100000     a17b9       40         <internal>:(.rodata)
  10fec8        0        4         core/libx.a(CMakeFiles/x.dir/json/writer.cpp.obj):(.bss.state)
"""
failed = 0


def expect(what, change, words):
    """`change` alters sizes; each of `words` must then be said of, and nothing when there are none."""
    global failed
    now = copy.deepcopy(ACCEPTED)
    change(now["A"])
    said = size_report.too_large(now, ACCEPTED)
    right = len(said) == len(words) and all(word in sentence for word, sentence in zip(words, said))
    failed += not right
    print("%s - %s%s" % ("ok" if right else "not ok", what, "" if right else ": %s" % said))


expect("the accepted sizes pass", lambda one: None, [])
expect("a total under 5 % more passes", lambda one: one.update(raw=524_000), [])
expect("a total over 5 % more does not", lambda one: one.update({"raw": 526_000, "gzip -9": 211_000}), ["raw", "gzip"])
expect("nor does a folder", lambda one: one["folders"].update({"core/json": 106_000}), ["core/json"])
expect("a few bytes in a small folder pass", lambda one: one["folders"].update({"core/auth": 1_300}), [])
expect("a new folder is named", lambda one: one["folders"].update({"core/new": 5_000}), ["core/new"])
expect("300 KB is the end", lambda one: one.update({"gzip -9": 308_000}), ["at most", "has grown"])
for what, right in [
        ("the table is read as it was written", size_report.read(size_report.written(ACCEPTED)) == ACCEPTED),
        ("a map is counted by folder", size_report.shares(MAP) == {
            "core/dialects/anthropic": 16, "C++ library": 32, "C library": 48, "texts of all folders, merged": 64})]:
    failed += not right
    print("%s - %s" % ("ok" if right else "not ok", what))
print("%d passed, %d failed" % (9 - failed, failed))
sys.exit(1 if failed else 0)
