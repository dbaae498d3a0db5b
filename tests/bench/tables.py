"""How figures are summed up and printed: medians with their spread, multiples of the unit, growth by doubling.

The rules that a reader relies on stand here, and bench_test.py holds them.
"""

import statistics


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def microseconds(values):
    """The median, and between which figures it lies; one alone has no spread."""
    spread = " (%s–%s)" % (_three_digits(min(values)), _three_digits(max(values))) if len(values) > 1 else ""
    return "%s us%s" % (_three_digits(statistics.median(values)), spread)


def multiple(values, units):
    """A round's figure over the unit's in the same round: what the machine did to both falls out."""
    ratios = [value / unit for value, unit in zip(values, units, strict=True)]
    spread = " (%.2f–%.2f)" % (min(ratios), max(ratios)) if len(ratios) > 1 else ""
    return "**%.2f**%s" % (statistics.median(ratios), spread)


def rounds(count):
    return "1 round: no spread" if count == 1 else "median of %d alternated rounds" % count


def added(found, base, key):
    """What a gateway adds to a time of the mock alone. Of percentiles this is a difference of percentiles."""
    return found[key] - base[key]


def multiple_of_added(value, unit):
    """A dash where the unit adds nothing that could be told from noise: less than a microsecond."""
    return "**%.2f**" % (value / unit) if unit >= 1 else "–"


def doublings(costs):
    """How many times the cost grew from each size to its double; linear is 2 and less where a part is fixed."""
    return [after / before for before, after in zip(costs, costs[1:])]


def percent_of(part, whole):
    return "%.1f %%" % (100 * part / whole)


def megabytes(count):
    return "%.1f" % (count / 1e6)


def mebibytes(count):
    return "%.1f" % (count / 2**20)


def _three_digits(value):
    return "{:,.0f}".format(value) if value >= 100 else "%.1f" % value
