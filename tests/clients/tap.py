"""Counted checks. Each prints `ok - name` or `not ok - name`; tests/clients/run adds them up."""
import sys
import traceback


class Tap:
    def __init__(self, part):
        self.part, self.passed, self.failed = part, 0, 0

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print("%s - %s: %s" % ("ok" if good else "not ok", self.part, name))
        if not good and detail != "":
            for line in str(detail).splitlines()[:12]:
                print("#   " + line[:400])
        sys.stdout.flush()
        return good

    def equal(self, name, seen, wanted):
        return self.check(name, seen == wanted, "wanted %r\nseen   %r" % (wanted, seen))

    def run(self, name, test, *arguments):
        """A test that raises has failed. It may return None (passed) or (good, detail)."""
        try:
            result = test(*arguments)
        except Exception:
            return self.check(name, False, traceback.format_exc(limit=-4))
        if result is None:
            return self.check(name, True)
        good, detail = result
        return self.check(name, good, detail)

    def exit(self):
        print("# %s: %d passed, %d failed" % (self.part, self.passed, self.failed))
        sys.exit(1 if self.failed else 0)
