"""CPU per request: of the same dialect, of a translation, of all pairs of dialects, and of upstreams over TLS."""

import load
import tables
from instructions import label_of
from run import DIALECTS, SHAPES, say
import dialects


def same_dialect(run):
    mocks = run.mocks("anthropic")
    rows = {answer: [("nginx", run.nginx(mock))] + run.signalboxes(mock) + run.portable(mock)
            for answer, mock in mocks.items()}
    return _measured(run, "CPU per request, Messages in and out", "", mocks, rows, "anthropic")


def translated(run):
    """Messages in, Chat out. The unit stays what it was: nginx, which translates nothing, on the Messages side."""
    messages, chat = run.mocks("anthropic"), run.mocks("openai_chat")
    rows = {answer: [("nginx", run.nginx(messages[answer]))] + run.signalboxes(chat[answer], "openai_chat")
            + run.portable(chat[answer], "openai_chat") for answer in chat}
    return _measured(run, "CPU per request, Messages in and Chat out",
                     "nginx translates nothing: it stands in front of the same mock with Messages answers.", chat, rows,
                     "openai_chat")


def pairs(run):
    """Every client's dialect to every upstream's, one thread, as multiples of nginx with the client's own dialect."""
    rows = []
    for client, spoken in DIALECTS.items():
        own = run.mocks(client)
        targets = {answer: spoken.path(answer, dialects.MODEL) for answer in own}
        # nginx passes the path on, so it is asked for the mock's own.
        asked = {answer: spoken.path(answer, dialects.UPSTREAM_MODEL) for answer in own}
        servers = {answer: [("nginx", run.nginx(own[answer], target=asked[answer]))] for answer in own}
        for upstream in DIALECTS if run.binary else ():
            mocks = own if upstream == client else run.mocks(upstream)
            for answer in own:
                servers[answer].append((label_of(client, upstream),
                                        run.signalbox(mocks[answer], 1, upstream, target=targets[answer])))
        for _, size, answer in SHAPES:
            run.checked_pair(servers[answer][:1], size, answer, client, client)
            for upstream, row in zip(DIALECTS, servers[answer][1:]):
                run.checked_pair([row], size, answer, client, upstream)
        spent = measured(run, {shape: servers[answer] for shape, _, answer in SHAPES}, own, client=client)
        for label, _ in servers["whole"][1:]:
            rows.append([label] + [tables.multiple(spent[label, shape], spent["nginx", shape]) for shape, _, _ in SHAPES])
        run.stop()
    return ["## CPU per request, every pair of dialects", "",
            "One thread; multiples of nginx in the same round, which passes the client's own dialect through and "
            "translates nothing; %d connections, %d s a cell, %s. The requests are what Signalbox makes of the two above."
            % (load.CONNECTIONS, run.args.seconds, tables.rounds(run.args.rounds)), ""] + tables.table(
                [""] + [shape for shape, _, _ in SHAPES], rows)


def tls(run):
    """HTTP/1.1 and HTTP/2 over verified TLS."""
    https, h2 = run.mocks("anthropic", "https"), run.mocks("anthropic", "h2")
    rows = {answer: [("nginx, HTTP/1.1", run.nginx(https[answer], tls=True))] for answer in https}
    if run.binary:
        for answer in rows:
            rows[answer] += [("Signalbox, one thread, HTTP/1.1", run.signalbox(https[answer], 1, tls=True)),
                             ("Signalbox, one thread, HTTP/2", run.signalbox(h2[answer], 1, tls=True))]
    return _measured(run, "CPU per request, upstream over TLS",
                     "Certificates of a CA made for the run, verified by both. nginx as a proxy speaks only HTTP/1.1 to "
                     "upstreams, so that the last row has no counterpart; the mock alone is asked over HTTP/1.1.", https,
                     rows, "anthropic")


def measured(run, rows, mocks, cost=lambda label: load.cpu_us_per_request, client="anthropic"):
    """{(label, shape): [CPU a request in us, by round]} of {shape: [(label, server)]}, everything in alternation."""
    spent = {}
    for number in range(run.args.rounds):
        for shape, size, answer in SHAPES:
            row = [("mock alone", mocks[answer])] + rows[shape]
            for label, server in row if number % 2 == 0 else reversed(row):
                say("round %d, %s, %s" % (number + 1, shape, label))
                spent.setdefault((label, shape), []).append(
                    cost(label)(server, run.request(client, size, answer), run.args.seconds))
    return spent


def _measured(run, title, words, mocks, rows, dialect):
    for _, size, answer in SHAPES:
        run.checked(rows[answer][:1], size, answer)
        run.checked(rows[answer][1:], size, answer, dialect)
    spent = measured(run, {shape: rows[answer] for shape, _, answer in SHAPES}, mocks)
    return ["## " + title, "", "%d connections, %d s a cell, %s; bold: multiples of nginx in the same round. %s"
            % (load.CONNECTIONS, run.args.seconds, tables.rounds(run.args.rounds), words), ""] + cells(
                spent, [label for label, _ in rows["whole"]])


def cells(spent, labels):
    """The table of measured(); the first label is the unit, and what was not measured has a dash."""
    rows = []
    for label in ["mock alone"] + labels:
        row = [label]
        for shape, _, _ in SHAPES:
            values = spent.get((label, shape))
            if not values:
                row.append("–")
                continue
            cell = tables.microseconds(values)
            if label not in ("mock alone", labels[0]):
                cell = "%s = %s" % (cell.partition(" (")[0], tables.multiple(values, spent[labels[0], shape]))
            row.append(cell)
        rows.append(row)
    return tables.table([""] + [shape for shape, _, _ in SHAPES], rows)
