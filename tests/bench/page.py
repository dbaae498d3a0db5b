"""docs/benchmarks.md: which of its parts the bench writes, and which are a person's.

Each section stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`, with its own date; what stands outside is
prose, and is kept. So a part can be measured again alone, as long as it is the same machine that the page names.
"""

import re

INTRODUCTION = """# Benchmarks

<!-- machine:begin -->
<!-- machine:end -->

Written by `scripts/bench --write`: how it measures stands in `scripts/bench --help` and `tests/bench/README.md`. Gateway,
mock and load generator share the cores of one machine, so that times of a whole way hold the waiting for a core; CPU does not.
Figures in parentheses are the lowest and the highest of the rounds.
"""


class OtherMachine(SystemExit):
    """The program ends with the sentence, where nobody catches it."""


class Unmarked(SystemExit):
    """The same, for a page that the bench has not begun."""


def between(page, name):
    """What stands in a section, or None where the page has none of this name."""
    found = _marks(name).search(page)
    return found and found.group(2).strip("\n")


def written(page, sections, machine, whole):
    """The page with these sections, {name: text}, in the place of the old ones; new ones go to the end. Raises
    OtherMachine where only a part is refreshed and the rest was measured elsewhere, Unmarked where the page is not the bench's."""
    if not page.strip():
        page = INTRODUCTION
    if between(page, "machine") is None:
        raise Unmarked("bench: the page has no <!-- machine:begin -->, so none of it would be kept: empty it, or put the marks in")
    before = between(page, "machine")
    if before and before != machine and not whole:
        raise OtherMachine("bench: the page is of another machine (%s): run every section" % before)
    for name, text in {"machine": machine, **sections}.items():
        if between(page, name) is None:
            page = page.rstrip("\n") + "\n\n<!-- %s:begin -->\n<!-- %s:end -->\n" % (name, name)
        page = _marks(name).sub(lambda marks: "%s\n\n%s\n\n%s" % (marks.group(1), text.strip("\n"), marks.group(3)), page)
    return page


def _marks(name):
    return re.compile(r"(<!-- %s:begin -->)(.*?)(<!-- %s:end -->)" % (name, name), re.DOTALL)
