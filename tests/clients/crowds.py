"""Many clients at once, and an upstream that holds what it is asked until the test lets it go: what tests of shared calls,
of bounds and of queues are made of. Who is under way the server itself is asked, so that nothing has to be waited for as long
as it may take on a slow machine.
"""
import re
import threading
import time

import raw_upstream
import wire


class Held:
    """An upstream that holds each request until let_go(), or, with `hold_s`, so many seconds, and answers with `body`. It knows
    how many it has at a time, `most` of them so far, and in which order they came, by what each `said`."""

    def __init__(self, body, hold_s=None):
        self.body, self.hold_s, self.gate, self.lock = body, hold_s, threading.Semaphore(0), threading.Lock()
        self.inside = self.most = 0
        self.said = []
        self.upstream = raw_upstream.RawUpstream(self.answer)
        self.url = self.upstream.url

    @property
    def count(self):
        return self.upstream.count

    def answer(self, request):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.said.append(request.json()["messages"][0]["content"])
        if self.hold_s is None:
            self.gate.acquire(timeout=60)
        else:
            time.sleep(self.hold_s)
        with self.lock:
            self.inside -= 1  # before its last byte: the gateway may send the next one as soon as it has that
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(self.body) + self.body

    def let_go(self, count=1):
        self.gate.release(count)


class Crowd:
    """What is under way at the same time, each on a thread of its own: begin() starts one, answers() waits for all."""

    def __init__(self):
        self.threads, self.found = [], []

    def begin(self, ask, *arguments):
        at = len(self.found)
        self.found.append(None)

        def one():
            self.found[at] = ask(*arguments)
        self.threads.append(threading.Thread(target=one))
        self.threads[-1].start()

    @property
    def ended(self):
        """Those that have their answer."""
        return [answer for answer in self.found if answer is not None]

    def answers(self):
        for thread in self.threads:
            thread.join()
        return self.found

    def statuses(self):
        return [answer.status for answer in self.answers()]


def under_way(server, isolate=0):
    """How many requests for models have come and have not ended. Of a Worker: that one isolate has; it runs with the tests'
    own paths (worker_host.bundle())."""
    if server.host == "worker":
        return int(wire.ask(server.ports[isolate], "GET", "/exchanges").body)
    text = server.ask("GET", "/metrics").body.decode()
    return int(re.search(r"^signalbox_requests_in_flight (\d+)$", text, re.M).group(1))


def until_under_way(server, count, isolate=0):
    """Waits until just so many are; raises where they are not in the end."""
    if not wire.wait_until(lambda: under_way(server, isolate) == count, 30):
        raise AssertionError("%d requests are under way, and not %d" % (under_way(server, isolate), count))
