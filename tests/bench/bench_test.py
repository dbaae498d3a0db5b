#!/usr/bin/env python3
"""The rules of scripts/bench: how figures are summed up, what of the page is written, which counts have drifted. Needs
no build and measures nothing."""
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import instructions  # noqa: E402
import memory        # noqa: E402
import page          # noqa: E402
import sampling      # noqa: E402
import tables        # noqa: E402

done = []


def expect(what, found, right):
    done.append(found == right)
    print("%s - %s%s" % ("ok" if done[-1] else "not ok", what, "" if done[-1] else ": %r" % (found,)))


def refused(call):
    try:
        call()
    except (page.OtherMachine, page.Unmarked):
        return True
    return False


# Figures.
expect("a time is the median between the lowest and the highest", tables.microseconds([30.0, 10.0, 20.0]),
       "20.0 us (10.0–30.0)")
expect("a large one has no decimals", tables.microseconds([1234.5]), "1,234 us")
expect("one round has no spread", [tables.multiple([10], [20]), tables.rounds(1)], ["**0.50**", "1 round: no spread"])
# What the machine did in a round it did to both. A ratio of the medians would say 0.75.
expect("a multiple is the median of the rounds' own", tables.multiple([10, 60, 15], [10, 40, 20]), "**1.00** (0.75–1.50)")
expect("what is added is the difference", tables.added({"p50": 90.0}, {"p50": 30.0}, "p50"), 60.0)
expect("what is added to nothing is no multiple", [tables.multiple_of_added(30.0, unit) for unit in (20.0, 0.5, -3.0)],
       ["**1.50**", "–", "–"])
expect("each doubling is over the one before", tables.doublings([10, 20, 80]), [2, 4])
expect("a part in percent", tables.percent_of(1, 8), "12.5 %")
expect("MB and MiB are two things", (tables.megabytes(2**20 * 10), tables.mebibytes(2**20 * 10)), ("10.5", "10.0"))

# Bodies of exactly the size that the page names.
for size in (1_000_000, 24_000_000):
    expect("a body of %d bytes" % size, len(memory.large_body(size)), size)

# The page.
first = page.written("", {"a": "before", "b": "kept"}, "this machine", whole=True)
expect("a new page has the machine and its sections", [page.between(first, name) for name in ("machine", "a", "b", "c")],
       ["this machine", "before", "kept", None])
prose = first.replace("<!-- b:begin -->", "What a person wrote.\n\n<!-- b:begin -->")
second = page.written(prose, {"a": "new \\1"}, "this machine", whole=False)
expect("a section is replaced, and nothing else", (second, page.between(second, "a")),
       (prose.replace("before", "new \\1"), "new \\1"))
expect("written twice, it is the same", page.written(second, {"a": "new \\1"}, "this machine", whole=False), second)
expect("a part of another machine is refused", refused(lambda: page.written(first, {"a": ""}, "another", whole=False)), True)
expect("a page of somebody else's is not written over",
       refused(lambda: page.written("# Notes\n", {"a": ""}, "this machine", whole=True)), True)
expect("all of another machine is not",
       page.between(page.written(first, {"a": "x"}, "another", whole=True), "machine"), "another")

# What is missing is said before anything is built.
BENCH = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts" / "bench"
for section, program in (("frames", "wrk"), ("instructions", "valgrind")):
    said = subprocess.run([sys.executable, str(BENCH), "--sections", section], env={"PATH": ""}, capture_output=True, text=True)
    expect("without %s a sentence names what installs it" % program, (said.returncode, said.stderr.startswith(
        "bench: there is no " + program), "`scripts/setup bench`" in said.stderr), (1, True, True))

# Instructions.
before = {("d", "s"): 1000.0}
expect("less than 3 % is no drift", [instructions.drifted({("d", "s"): now}, before) for now in (1029.0, 971.0)], [[], []])
expect("more is, up and down", [len(instructions.drifted({("d", "s"): now}, before)) for now in (1031.0, 969.0)], [1, 1])
expect("nor may a count be new, or gone", [len(instructions.drifted(*both)) for both in ((before, {}), ({}, before))], [1, 1])

slow = {(instructions.decision_label("weighted"), instructions.SHAPE_OF_DECISIONS): instructions.DECISION_MAX + 1.0}
expect("a decision has a bound that no accepting lifts", len(instructions.drifted(slow, slow)), 1)

# Samples.
REPORT = """# a comment
    40\tsignalbox\t[.] signalbox::json::Reader::next()
    30\t[kernel.kallsyms]\t[k] tcp_sendmsg_locked
    20\tlibc.so.6\t[.] malloc
    10\tlibcurl.so.4\t[.] 0x1234
"""
expect("samples are counted by owner", dict(sampling.shares(sampling.parsed(REPORT, "signalbox"))),
       {"Signalbox": 40, "kernel": 30, "C library": 20, "other libraries": 10})
for function, name in [
        ("signalbox::json::Reader::next()", "json::Reader::next"),
        ("signalbox::exchange::Machine::on(signalbox::ClientHead const&)", "exchange::Machine::on"),
        ("std::vector<int, std::allocator<int> >::push_back(int&&)", "std::vector::push_back"),
        ("void signalbox::(anonymous namespace)::grow<char>(std::string&)", "grow"),
        ("signalbox::run()::{lambda(int)#1}::operator()(int) const", "run")]:
    expect("the name of " + function, sampling.short(function), name)

print("%d passed, %d failed" % (sum(done), len(done) - sum(done)))
sys.exit(0 if all(done) else 1)
