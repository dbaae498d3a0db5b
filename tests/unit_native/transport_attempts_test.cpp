// What the owner of an attempt may do to it at any moment, on both transports and real sockets: pause, resume,
// cancel, open another, destroy the transport under it.
#include <chrono>
#include <thread>

#include "transport_bench.h"

using namespace transport_test;

TEST_CASE("transport: a paused answer waits, its idle time does not run, nothing is lost") {
  Kind kind = any_kind();
  std::string sent(3 << 20, 'x');
  for (size_t i = 0; i < sent.size(); i += 97) sent[i] = char('a' + i % 26);
  Upstream upstream(answering(whole(sent)));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  ask.timeouts.idle_ms = 100;
  Recorder recorder;
  bool paused = false;
  int while_paused = 0, pauses = 0;
  recorder.then = [&](const std::string& entry) {
    if (entry != "body") return;
    while_paused += paused;
    if (pauses >= 2) return;
    ++pauses;
    paused = true;
    recorder.attempt->pause();
  };
  bench.open(ask, recorder);
  for (int i = 1; i <= 2; ++i) {
    bench.wait([&] { return paused && pauses == i; });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    bench.run([&] {
      paused = false;
      recorder.attempt->resume();
    });
  }
  bench.wait([&] { return recorder.over; });
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK((recorder.body == sent));
  CHECK(while_paused == 0);
}

TEST_CASE("transport: paused and resumed within one callback") {
  Kind kind = any_kind();
  Upstream upstream(answering(whole(std::string(300'000, 'x'))));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  recorder.then = [&](const std::string& entry) {
    if (entry != "body") return;
    recorder.attempt->pause();
    recorder.attempt->resume();
  };
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.body.size() == 300'000);
}

TEST_CASE("transport: cancelled from any callback it says nothing more, and the upstream sees it") {
  Kind kind = any_kind();
  std::string at = GENERATE(as<std::string>{}, "sent", "head 200", "body", "end", "failed upstream_reset");
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    if (at == "failed upstream_reset") return;
    if (at == "end") peer.send(whole("ok"));
    else peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50000, 'x'));
    peer.wait_for_close();
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  recorder.then = [&](const std::string& entry) {
    if (entry == at) recorder.attempt->cancel();
  };
  bench.open(ask, recorder);
  bench.wait([&] { return !recorder.log.empty() && recorder.log.back() == at; });
  if (at != "end") bench.wait([&] { return upstream.closed_count() == 1; });
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(recorder.log.back() == at);
  // And it goes on serving.
  Recorder next;
  Upstream healthy(answering(whole("ok")));
  ask.url = healthy.url();
  bench.open_and_wait(ask, next);
  CHECK(next.text() == "sent, head 200, body, end");
}

TEST_CASE("transport: cancelled in the turn it was opened, or while it waits") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) { peer.wait_for_close(); });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.run([&] { ask.open(*bench.transport, recorder)->cancel(); });
  CHECK(recorder.text() == "");
  bench.open(ask, recorder);
  bench.wait([&] { return recorder.text() == "sent"; });
  bench.run([&] { recorder.attempt->cancel(); });
  bench.wait([&] { return upstream.closed_count() == upstream.connection_count(); });
  CHECK(recorder.text() == "sent");
  ask.url = "http://no-such-name.invalid/";
  // Its name may turn out to be unknown before anybody has cancelled it.
  bool waited = false;
  for (int attempt = 0; attempt < 1000 && !waited; ++attempt) {
    Recorder unknown;
    bench.open(ask, unknown);
    bench.run([&] {
      waited = unknown.log.empty();
      if (waited) unknown.attempt->cancel();
    });
    if (waited) CHECK(unknown.text() == "");
  }
  CHECK(waited);
}

TEST_CASE("transport: another attempt is opened, and a third cancelled, from within callbacks") {
  Kind kind = any_kind();
  std::string at = GENERATE(as<std::string>{}, "sent", "head 200", "body", "end");
  Upstream upstream([](Peer& peer) {
    while (peer.read_request())
      if (peer.body == "hang") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
      else peer.send(whole("ok"));
  });
  Bench bench(kind);
  Ask first, second, hanging;
  first.url = second.url = hanging.url = upstream.url();
  hanging.pieces = {"hang"};
  Recorder one, two, third;
  one.then = [&](const std::string& entry) {
    if (entry != at) return;
    third.attempt->cancel();
    second.open(*bench.transport, two);
  };
  bench.open(hanging, third);
  bench.wait([&] { return third.text() == "sent, head 200, body"; });
  bench.open(first, one);
  bench.wait([&] { return one.over && two.over; });
  CHECK(one.text() == "sent, head 200, body, end");
  CHECK(two.text() == "sent, head 200, body, end");
  CHECK(third.text() == "sent, head 200, body");
}

TEST_CASE("transport: many at once, twice") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    while (peer.read_request()) peer.send(whole(peer.body));
  });
  Bench bench(kind);
  for (int round = 0; round < 2; ++round) {
    std::vector<Ask> asks(60);
    std::vector<Recorder> recorders(60);
    bench.run([&] {
      for (size_t i = 0; i < asks.size(); ++i) {
        asks[i].url = upstream.url();
        asks[i].pieces = {std::string(i * 1000, 'x'), std::to_string(i)};
        asks[i].open(*bench.transport, recorders[i]);
      }
    });
    bench.wait([&] {
      for (auto& recorder : recorders)
        if (!recorder.over) return false;
      return true;
    });
    for (size_t i = 0; i < asks.size(); ++i) {
      CHECK(recorders[i].text() == "sent, head 200, body, end");
      CHECK((recorders[i].body == asks[i].pieces[0] + asks[i].pieces[1]));
    }
  }
  CHECK(upstream.connection_count() == 60);
}

TEST_CASE("transport: destroyed with attempts in every state") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    peer.read_request();
    if (peer.body == "part") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
    peer.wait_for_close();
  });
  Recorder waiting, reading, fresh;
  Ask ask, part;
  ask.url = part.url = upstream.url();
  part.pieces = {"part"};
  {
    Bench bench(kind);
    bench.open(ask, waiting);
    bench.open(part, reading);
    bench.wait([&] { return waiting.text() == "sent" && reading.text() == "sent, head 200, body"; });
    bench.run([&] {
      ask.open(*bench.transport, fresh);
      bench.transport.reset();
    });
  }
  CHECK(fresh.text() == "");
  CHECK(reading.text() == "sent, head 200, body");
}
