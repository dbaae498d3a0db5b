"""The cases of the chaos part: who asks whom for what, and what the lanes do to it. A case follows from a seed and its
number alone, so both repeat it. The prompt carries a nonce, which every piece of the right answer repeats, and the faults of
the two lanes, which the upstream reads there: nothing has to be agreed on beside the request itself."""
import random
import re

# What a lane does, by the last point at which another lane can still serve the request.
HEAD = ("close", "reset", "silent", "garbage", "half-head", "huge-header", "many-headers", "endless-head", "endless-interim",
        "switch", "two-framings", "bad-length", "redirect", "redirect-308", "error-500", "error-503", "error-529", "error-429",
        "key-in-error", "key-in-failure", "page", "image", "gzip-bomb", "huge-length-head")
CONTENT = ("no-content", "empty", "error-first", "stall-first", "half-json", "bad-json")
CUT = ("cut", "cut-reset", "no-terminal", "stall", "error-event", "key-in-event", "bad-chunk", "short", "long", "garbage-frame", "gzip-in-stream")
FINE = ("fine", "fine", "fine", "drip", "odd-cuts", "interim-100", "interim-103", "excess", "closing", "until-close")
SLOW = {"silent", "stall-first", "stall"}  # ended by a timeout of the gateway's: rarer, for each holds a client up

# model -> the lanes behind it, as (provider, which of the two faults).
ROUTES = {
    "same": (("a", 0), ("b", 1)),
    "translated": (("chat-a", 0), ("chat-b", 1)),
    "mixed": (("a", 0), ("chat-b", 1)),
    "unseen": (("a", 0), ("b", 1)),  # without accounting
    "refused": (("closed", None), ("b", 1)),
    "refused-translated": (("closed-chat", None), ("chat-b", 1)),
    "refused-only": (("closed", None),),
}
GARBAGE = b"data: \xff\xfe{\x00\n\nevent: \x00\ndata: [[[[\n\n"  # what garbage-frame sends behind its good frames
PROMPT = re.compile(rb"nonce=(nc[0-9a-f]{14})((?: [a-z]=[a-z0-9-]+)+) pieces=(\d+)")
NONCE = re.compile(rb"nc[0-9a-f]{14}")

# Who the clients are: (kind, its dialect, how many).
CLIENTS = (("raw", "messages", 22), ("raw", "chat", 10), ("python", "messages", 8), ("python", "chat", 8),
           ("node", "messages", 8), ("node", "chat", 8))
CLIENT_COUNT = sum(count for _, _, count in CLIENTS)


def text_of(nonce, pieces):
    return "".join("%s:%d " % (nonce, number) for number in range(pieces))


def faults_in(text):
    """Lane -> its fault, of what PROMPT finds."""
    return dict(entry.split("=") for entry in text.decode().split())


class Case:
    fine = FINE      # what a healthy lane does
    gated = False    # a stream may begin before a lane has answered (failover.gate_ms), and then names none
    limited = False  # its key may be refused by the gateway's own limits

    def __init__(self, seed, number):
        random_ = random.Random("%s/%s" % (seed, number))
        self.seed, self.number = seed, number
        self.client = number % CLIENT_COUNT
        at = self.client
        for kind, dialect, count in CLIENTS:
            if at < count:
                break
            at -= count
        self.kind, self.dialect = kind, dialect
        self.nonce = "nc%014x" % random_.getrandbits(56)
        self.route = random_.choice(list(ROUTES))
        self.stream = random_.random() < 0.75
        self.pieces = random_.choice((1, 3, 20, 20, 200))
        self.faults = [self._fault(random_), self._fault(random_)]
        if kind != "raw":  # the packages do expand what goes by unread, and are busy with it for seconds
            self.faults = [fault.replace("gzip-bomb", "page") for fault in self.faults]
        if self.route == "unseen":  # what nobody reads, nobody keeps keys out of
            self.faults = [fault.replace("key-in-event", "error-event") for fault in self.faults]
        # Only raw clients do these: leave after so many bytes of the answer, send in so many pieces, keep the connection, and
        # end one that is not kept by a reset.
        self.leaves_after = random_.randrange(3000) if random_.random() < 0.08 else None
        self.sent_in = random_.choice((1, 1, 1, 2, 7))
        self.keeps = random_.random() < 0.7
        self.resets = random_.random() < 0.5

    @staticmethod
    def _fault(random_):
        while True:
            fault = random_.choice(random_.choice((HEAD, HEAD, CONTENT, CUT, FINE, FINE)))
            if fault not in SLOW or random_.random() < 0.3:
                return fault

    @property
    def prompt(self):
        return "nonce=%s a=%s b=%s pieces=%d" % (self.nonce, *self.faults, self.pieces)

    @property
    def body(self):
        return {"model": self.route, "max_tokens": 4096, "stream": self.stream, "messages": [{"role": "user", "content": self.prompt}]}

    @property
    def text(self):
        return text_of(self.nonce, self.pieces)

    def fault_of(self, provider):
        for name, which in ROUTES[self.route]:
            if name == provider:
                return "refused" if which is None else self.faults[which]
        return None

    def lanes(self):
        return {name: self.fault_of(name) for name, _ in ROUTES[self.route]}

    def speaks_as(self, provider):
        """Whether the provider's dialect is the client's."""
        return provider.startswith("chat-") == (self.dialect == "chat")

    def has_healthy_lane(self):
        return any(fault in self.fine for fault in self.lanes().values())

    def __str__(self):
        return "case %d: %s, %s, %s, %s, lanes %s (repeat it: %s)" % (
            self.number, self.kind, self.dialect, self.route, "streamed" if self.stream else "whole", self.lanes(), self.repeat())

    def repeat(self):
        return "chaos.py --seed %s --case %d" % (self.seed, self.number)

    def as_json(self):
        return {"number": self.number, "client": self.client, "dialect": self.dialect, "stream": self.stream, "body": self.body}


class Outcome:
    """What a client saw. `ending`: success, error, unreadable (whole by HTTP, and no answer of the dialect), left (by the
    client's own choice), or what must not be: a sentence."""

    def __init__(self, case, ending, text="", provider=None, status=None, detail=""):
        self.case, self.ending, self.text = case, ending, text
        self.provider, self.status, self.detail = provider, status, detail


def goes_by_unread(case, provider):
    """Whether the gateway hands this lane's answer on whatever it says, as documented: where accounting is off; an answer in a
    coding that nobody asked for, where no lane can do better; the inside of a whole answer's JSON. The client's own reader
    refuses it."""
    if not case.speaks_as(provider):
        return False
    fault = case.fault_of(provider)
    if case.route == "unseen":
        return fault in CONTENT + CUT + ("page", "image", "gzip-bomb")
    if fault == "gzip-bomb":
        return not case.has_healthy_lane()
    return fault == "bad-json" and not case.stream


def may_be_cut(case, provider):
    """Whether the lane that began the answer may have broken it off where no other lane can take over."""
    return case.fault_of(provider) in CUT or goes_by_unread(case, provider)


def judge(outcome):
    """What is wrong with an outcome; None when nothing is."""
    case = outcome.case
    if not case.text.startswith(outcome.text):
        return "not the text of this request: %r" % outcome.text[:200]
    unnamed = outcome.provider is None and case.gated and case.stream
    if outcome.status == 200 and outcome.provider not in case.lanes() and not unnamed:
        return "an answer that names no lane of its route: %s" % outcome.provider
    lanes = case.lanes() if outcome.provider is None else {outcome.provider: case.fault_of(outcome.provider)}
    if outcome.ending == "success":
        if outcome.text != case.text:
            return "a cut answer ended as a success: %d of %d characters" % (len(outcome.text), len(case.text))
        if not any(fault in case.fine for fault in lanes.values()):
            return "a success of lanes that cannot have served it: %s" % lanes
        return None
    if outcome.ending == "left":
        return None
    if outcome.ending == "ended without a word" and case.route == "unseen":
        outcome.ending = "error"  # nobody reads such an answer: its framing is its honest end
    if outcome.ending == "unreadable":
        return None if any(goes_by_unread(case, name) for name in lanes) else "not the dialect: " + outcome.detail[-400:]
    if outcome.ending != "error":
        return outcome.ending
    if outcome.status is None:
        return "no answer at all: " + outcome.detail[:300]
    if case.limited and outcome.status == 429 and outcome.provider is None:
        outcome.ending = "limited"
        return None
    # Only what a lane has begun may end with it.
    if case.has_healthy_lane() and not (outcome.status == 200 and not unnamed and may_be_cut(case, outcome.provider)):
        return "not served, with a healthy lane: %s %s" % (outcome.status, outcome.detail[:300])
    return None
