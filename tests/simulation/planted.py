#!/usr/bin/env python3
"""Plants known bugs in the core, one at a time, and counts the seeds until the simulation finds each.

  planted.py --planted [NAME...] [--seeds N]   all, or those named, in at most N seeds each (20,000)
  planted.py --check-planted                   only whether each still has its place

A bug is data in planted/*.txt: a source, a text that stands there exactly once, what is put in its place, and why somebody
might write that. The one mutated source is compiled as the build compiles it and linked before the core's library, which
then has nothing left to give for it; the tree is not touched.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "native"
FORM = re.compile(r"== (?P<name>[a-z0-9-]+)\nwhy: (?P<why>[^\n]+)\nfile: (?P<file>[^\n]+)\nfind:\n(?P<find>.*?)\nput:\n(?P<put>.*?)(?=^== |\Z)", re.S | re.M)


def read_bugs():
    bugs = []
    for path in sorted((ROOT / "tests/simulation/planted").glob("*.txt")):
        text = path.read_text().strip("\n") + "\n"
        text = text[text.index("== "):]
        found = [match.groupdict() for match in FORM.finditer(text)]
        if sum(line.startswith("== ") for line in text.split("\n")) != len(found):
            sys.exit("%s: a bug is not in the form that planted.py reads" % path)
        bugs += found
    names = [bug["name"] for bug in bugs]
    for name in set(names):
        if names.count(name) > 1:
            sys.exit("two planted bugs are called " + name)
    return bugs


def place_of(bug):
    """What is wrong with the bug's place; empty when nothing is."""
    source = ROOT / bug["file"]
    if not source.exists():
        return bug["file"] + " is no more"
    count = source.read_text().count(bug["find"])
    return "" if count == 1 else "%s has its text %d times" % (bug["file"], count)


def commands():
    """What the build compiles each source with, by its path below the root."""
    listed = json.loads((BUILD / "compile_commands.json").read_text())
    return {str(pathlib.Path(each["file"]).relative_to(ROOT)): shlex.split(each["command"]) for each in listed if str(ROOT) in each["file"]}


def plant(bug, command, folder):
    """Builds a simulation with the bug in it; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    source, thing, program = folder / pathlib.Path(bug["file"]).name, folder / "planted.o", folder / "simulate"
    text = (ROOT / bug["file"]).read_text()
    source.write_text(text.replace(bug["find"], bug["put"].removesuffix("\n")))
    # What is not compiled with -O3 is compiled sooner, and a few thousand seeds take a second either way.
    command = [part for part in command if part != "-O3"] + ["-O1", "-Wno-error", "-w"]
    command[command.index("-o") + 1] = str(thing)
    command[command.index("-c") + 1] = str(source)
    subprocess.run(command, check=True, cwd=BUILD)
    objects = sorted((BUILD / "tests/simulation/CMakeFiles/simulate.dir").glob("*.o"))
    linker = ["g++", "-o", program, *objects, thing, BUILD / "core/libsignalbox_core.a"]
    subprocess.run(linker, check=True, cwd=BUILD)
    return program


def main(arguments):
    bugs = read_bugs()
    misplaced = [(bug, place_of(bug)) for bug in bugs if place_of(bug)]
    for bug, what in misplaced:
        print("not ok  %s: %s" % (bug["name"], what))
    if arguments[0] == "--check-planted":
        print("%d passed, %d failed" % (len(bugs) - len(misplaced), len(misplaced)))
        return 1 if misplaced else 0
    seeds, names = "20000", []
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--seeds":
            seeds = next(rest)
        else:
            names.append(argument)
    if unknown := set(names) - {bug["name"] for bug in bugs}:
        sys.exit("no such planted bug: " + ", ".join(sorted(unknown)))
    if not (BUILD / "CMakeCache.txt").exists():
        subprocess.run(["cmake", "--preset", "native", "-DSIGNALBOX_TESTS=ON"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "simulate"], check=True, stdout=subprocess.DEVNULL)
    compiled, missed = commands(), []
    chosen = [bug for bug in bugs if (not names or bug["name"] in names) and not place_of(bug)]
    print("| planted bug | seeds | found as |\n|---|---:|---|")
    for bug in chosen:
        program = plant(bug, compiled[bug["file"]], ROOT / "build" / "planted" / bug["name"])
        played = subprocess.run([program, "--until-broken", "--seeds", seeds], capture_output=True, text=True)
        found = played.stdout.strip().split("\t") if played.returncode == 0 else None
        if not found and played.returncode not in (0, 1):
            found = ["?", "the program ends with %d" % played.returncode]
        if not found:
            missed.append(bug)
        print("| %s | %s | %s |" % (bug["name"], *(found or ["more than " + seeds, "not found"])), flush=True)
    print("\n%d passed, %d failed" % (len(chosen) - len(missed), len(missed) + len(misplaced)))
    return 1 if missed or misplaced else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
