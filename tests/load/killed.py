#!/usr/bin/env python3
"""kill -9 in the middle of the official SDKs' requests, with server.state_file: they see a broken connection and nothing else, are
served when they ask again, and the lane that was cooled before the file was last written is not asked by the next process.

    tests/clients/run killed            3 times
    tests/clients/run killed-long       20 times
    tests/load/killed.py [--kills N] [--seed N]      inside a network namespace of one's own

Nothing waits for a time: a server is killed when so many answers have come since its start.
"""
import argparse
import os
import random
import signal
import socket
import tempfile
import threading
import time

import routing_chaos
from players import FaultyUpstream, Judge, end, play
from routing_cases import QUEUE, RoutingCase
from routing_chaos import KEYS, SECRETS, signalbox_server, wire
from tap import Tap

ANSWERS = 30  # between two kills, and some more by chance
PROVIDERS = ("a-messages", "c-chat")
LANES = [b"a-messages/%d/kept" % number for number in range(len(KEYS["a"]))]


class KilledCase(RoutingCase):
    """The first provider's lanes are told to wait ten minutes; the second's answers are slow, so that each kill cuts some."""

    def __init__(self, seed, number):
        super().__init__(seed, number, "native")
        self.route, self.providers = "kept", PROVIDERS
        self.by_lane = {"a": "retry-later", "c": "drip-slowly"}
        self.limited = False
        self.fine, self.faults, self.leaves_after, self.retried, self.kind = ("drip-slowly",), [], None, True, "python"

    def repeat(self):
        return "killed.py --seed %s" % self.seed


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Turns:
    """One server after the other, at one port."""

    def __init__(self, upstream):
        self.path = os.path.join(tempfile.mkdtemp(prefix="state-"), "state")
        self.port = free_port()
        # Who finds the second provider full waits for it rather than ask the cooled lanes of the first.
        self.config = routing_chaos.config(upstream, {"kept": ({"queue": QUEUE}, PROVIDERS)})
        self.config["server"].update(listen=["127.0.0.1:%d" % self.port], state_file=self.path)
        self.start()

    def start(self):
        self.server = signalbox_server.Server(self.config, "killed")

    def kill(self):
        self.server.signal(signal.SIGKILL)
        self.server.ended()
        self.server.stop()

    def remembered(self):
        if not os.path.exists(self.path):
            return False
        with open(self.path, "rb") as file:
            content = file.read()
        return all(lane in content for lane in LANES)

    def whole(self):
        return "not kept in" not in self.server.text()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print("# seed %d" % options.seed, flush=True)
    tap, random_, upstream, judge_ = Tap("killed"), random.Random(options.seed), FaultyUpstream(KEYS), Judge(SECRETS)
    turns, codes = Turns(upstream), []
    cases = [KilledCase(options.seed, number) for number in range((options.kills + 2) * 2 * ANSWERS)]
    playing = threading.Thread(target=lambda: codes.extend(play(turns.server, judge_, cases, 900)))
    playing.start()

    def wait_for_answers(count):
        wanted = judge_.asked + count
        return wire.wait_until(lambda: judge_.asked >= min(wanted, len(cases)), 120)

    came = wait_for_answers(1)
    tap.check("the state file names both lanes while the server runs", came and wire.wait_until(turns.remembered, 20))
    asked, damaged = None, []
    for number in range(options.kills):
        came = wait_for_answers(random_.randint(1, ANSWERS)) and came
        turns.kill()
        asked = asked if number else upstream.seen()["by_lane"]["a"]
        time.sleep(random_.random())  # for clients to find nobody there
        turns.start()
        if not turns.whole():
            damaged.append(turns.server.text()[-500:])
    came = wait_for_answers(1) and came
    after = upstream.seen()["by_lane"]["a"]
    tap.check("there were answers between the kills", came, judge_.asked)
    tap.equal("after %d times kill -9 each start took the state file" % options.kills, damaged, [])
    tap.equal("lanes that were cooled before the file was written are asked by none of the processes behind the first", after, asked)
    # What this is worth: without the file they are.
    turns.kill()
    os.unlink(turns.path)
    turns.start()
    tap.check("and are asked by one that finds no file", wire.wait_until(lambda: upstream.seen()["by_lane"]["a"] > after, 60))
    playing.join(200)
    for wrong in judge_.wrong[:10]:
        print("# " + wrong.replace("\n", "\n# "))
    tap.equal("the SDKs' process ran to its end", codes, [0])
    tap.check("%d requests saw a broken connection, or none, %d times, and each was served in the end, with its own answer" % (judge_.asked, judge_.retried),
              judge_.asked == len(cases) and judge_.retried > 0 and not judge_.wrong, (judge_.asked, len(cases), judge_.endings))
    tap.equal("the last server stops as ever", turns.server.stop(), 0)
    end(tap, upstream, SECRETS)


if __name__ == "__main__":
    main()
