"""The server that the vectors of HTTP are sent to: a raw upstream for every model but `mock`, which asks whether it still serves."""
import json

import signalbox_server
import wire
from bad_vectors import MODEL, post

OURS = signalbox_server.HOST == "native"  # whether the HTTP that reads requests is ours
MOCK = post(json.dumps(dict(MODEL, model="mock")).encode())


def config(upstream, limits=None, **more):
    configuration = signalbox_server.config_for(upstream, server={"threads": 2, "limits": limits or {}}, **more)
    configuration["providers"]["mock"] = {"builtin": "mock"}
    configuration["routes"].insert(0, {"match": "mock", "targets": ["mock/*"]})
    return configuration


def serves(server):
    assert server.alive(), "the server has ended: " + server.text()[-2000:]
    with wire.Connection(server.port) as connection:
        connection.send(MOCK)
        answer = connection.receive()
        assert answer and answer.status == 200 and answer.json()["type"] == "message", answer and answer.start
