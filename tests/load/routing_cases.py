"""The cases of the routing chaos part: as those of cases.py, with routes over providers of all four dialects, among them some
that storm for a while. What the weather is follows from the seed and the case's number too."""
import random

from cases import CONTENT, CUT, FINE, HEAD, SLOW, Case

DIALECTS = {"messages": "anthropic", "chat": "openai_chat", "responses": "openai_responses", "gemini": "gemini"}
# Lanes of the upstream: a and b are as bad as the weather, c is nearly always well. The others are never reached.
LANES = "abc"
DEAD = {"closed": "http", "no-tls": "https", "untrusted": "https"}  # what each provider's URL begins with

# Routes: model -> (settings, providers in the order of the file). A provider is a lane and the client dialect whose upstream it
# is. Whatever the order, c is among them, and whoever asks is served.
QUEUE = {"places_max": 64, "wait_ms_max": 30_000}
BOUNDED = {"c-chat": 4}  # requests at a time; whoever waits for a place is served too, and no place is lost to those who leave or fail
ROUTES = {
    "in-order": ({}, ("no-tls", "a-messages", "b-chat", "c-messages")),
    "first-good": ({}, ("c-responses", "closed", "a-gemini", "untrusted")),
    "waiting": ({"queue": QUEUE}, ("c-chat",)),
    "all-dialects": ({"queue": QUEUE}, ("a-gemini", "b-responses", "a-chat", "c-chat")),
    "same-provider": ({}, ("b-messages", "untrusted", "c-gemini", "a-responses")),
    "all-bad": ({}, ("a-messages", "closed", "b-chat")),
}

# Who the clients are: (kind, its dialect, how many).
CLIENTS = (("python", "messages", 6), ("python", "chat", 6), ("python", "responses", 6), ("python", "gemini", 6),
           ("node", "messages", 4), ("node", "chat", 4))
CLIENT_COUNT = sum(count for _, _, count in CLIENTS)
KEYS = ("any", "limited")       # of clients: the second may have few requests open
STORMS = ("error-429", "retry-after", "error-500", "error-529", "close", "reset", "garbage", "half-head", "no-content", "cut", "cut-reset")
STORM_CASES = 6 * CLIENT_COUNT  # how long one weather lasts
SESSION_CASES = 5               # how many requests of a client are of one session
# What is left out: the packages unpack what goes by unread, and are busy with it for seconds.
LEFT_OUT = {"gzip-bomb"}
# On hosts whose own HTTP decides (docs/known-faults.md): wasmtime's gives up a connection, and the answer with it, when bytes stand
# behind its end; workerd's takes these bytes for the next answer, knows no 100 and 103, and is content with a length that no number holds.
LEFT_OUT_ON = {"native": set(), "wasi": {"excess"}, "wasi-reuse": {"excess"},
               "worker": {"excess", "long", "interim-100", "interim-103", "huge-length-head"}}


class RoutingCase(Case):
    gated = True

    def __init__(self, seed, number, host):
        super().__init__(seed, number)
        random_ = random.Random("%s/routing/%s" % (seed, number))
        at = self.client = number % CLIENT_COUNT
        for self.kind, self.dialect, count in CLIENTS:
            if at < count:
                break
            at -= count
        self.left_out = LEFT_OUT | LEFT_OUT_ON[host]
        self.fine = [fault for fault in FINE if fault not in self.left_out]
        self.route = random_.choice(list(ROUTES))
        self.providers = ROUTES[self.route][1]
        storms = random.Random("%s/weather/%s" % (seed, number // STORM_CASES))
        self.by_lane = {}
        for lane in LANES:
            storm = storms.choice(STORMS) if storms.random() < 0.4 else None
            fault = storm or self.possible(random_)
            if lane == "c":
                fault = random_.choice(self.fine) if random_.random() < 0.97 else fault
            self.by_lane[lane] = fault
        self.faults = list(self.by_lane.values())
        self.leaves_after = random_.randint(1, 200) if random_.random() < 0.06 else None  # ms
        self.session = "session-%x-%d-%d" % (seed, self.client, number // CLIENT_COUNT // SESSION_CASES)
        self.limited = random_.random() < 0.1
        self.retried, self.pause_ms = False, 0

    def possible(self, random_):
        while True:
            fault = random_.choice(random_.choice((HEAD, HEAD, CONTENT, CUT, self.fine, self.fine)))
            if fault not in self.left_out and (fault not in SLOW or random_.random() < 0.15):
                return fault

    @property
    def prompt(self):
        return "nonce=%s %s pieces=%d" % (self.nonce, " ".join("%s=%s" % entry for entry in self.by_lane.items()), self.pieces)

    @property
    def body(self):
        body = {"model": self.route, "stream": self.stream}
        if self.dialect == "gemini":
            return {**body, "contents": self.prompt}
        if self.dialect == "responses":
            return {**body, "input": self.prompt, "max_output_tokens": 4096, "store": False}
        return {**body, "max_tokens": 4096, "messages": [{"role": "user", "content": self.prompt}]}

    def fault_of(self, provider):
        if provider not in self.providers:
            return None
        return "dead" if provider in DEAD else self.by_lane[provider[0]]

    def lanes(self):
        return {name: self.fault_of(name) for name in self.providers}

    def speaks_as(self, provider):
        return provider.endswith("-" + self.dialect)

    def repeat(self):
        return "routing_chaos.py --seed %s --case %d" % (self.seed, self.number)

    def as_json(self):
        return {**super().as_json(), "headers": {"x-session-id": self.session, "x-signalbox-key": KEYS[self.limited]}, "leaves_after_ms": self.leaves_after, "retried": self.retried, "pause_ms": self.pause_ms}
