// The owner of the attempts over one multi handle: it makes them, keeps them for reuse, and does for them
// what libcurl forbids while it is on the stack.
#include "multi_transport.h"

#include <memory>
#include <vector>

#include "attempt_pool.h"
#include "multi_attempt.h"

namespace signalbox::native {

namespace {

// Connections kept open for reuse, over all origins of one thread.
constexpr long connections_kept_max = 256;
// Attempts kept for reuse, with their easy handles; each of those holds some 10 KB.
constexpr size_t attempts_kept_max = 64;

// The parts that attempts share, made before the surroundings that refer to them and gone after the multi.
struct Shared {
  explicit Shared(const TransportSettings& given) : settings(given) {}
  TransportSettings settings;
  BufferPool buffers;
  AnswerWatches watches;
};

class MultiTransport final : public Transport, private CurlOwner, private Shared, public MultiSurroundings {
 public:
  MultiTransport(Loop& l, const TransportSettings& s)
      : Shared(s),
        MultiSurroundings(l, multi_, Shared::buffers, Shared::watches, Shared::settings),
        multi_(l, *this, connections_kept_max) {}
  ~MultiTransport() override {
    // Before the multi they are in.
    attempts_.clear();
  }

  Attempt* open(const AttemptRequest& request, AttemptListener& listener) override {
    MultiAttempt& attempt = attempts_.take(*this);
    attempt.begin(request, listener);
    bring_news(attempt);
    return &attempt;
  }

  void adopt(const TransportSettings& adopted) override { Shared::settings = adopted; }
  void trim() override {
    Shared::buffers.trim();
    attempts_.trim();
  }

 private:
  void bring_news(MultiAttempt& attempt) override {
    news_.push_back(&attempt);
    multi_.kick();
  }

  void drop(MultiAttempt& attempt) override {
    if (multi_.inside()) {
      dropped_.push_back(&attempt);
    } else {
      attempt.leave();
      spent_.push_back(&attempt);
    }
    multi_.kick();
  }

  void stir(int local_port) override {
    MultiAttempt* found = nullptr;
    for (const auto& attempt : attempts_.all()) {
      if (!attempt->runs_from(local_port)) continue;
      found = attempt.get();
      if (!found->paused_in_curl()) break;
    }
    if (found) found->stir();
  }

  void on_done(CURL* easy, CURLcode result) override {
    MultiAttempt* attempt = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &attempt);
    attempt->on_done(result);
  }

  void on_outside() override {
    // Reused from now on: no frame of theirs is on the stack, and no list names them once the news,
    // which may, are told.
    std::vector<MultiAttempt*> reusable;
    reusable.swap(spent_);
    for (MultiAttempt* attempt : dropped_) {
      attempt->leave();
      reusable.push_back(attempt);
    }
    dropped_.clear();
    walked_.swap(news_);
    for (MultiAttempt* attempt : walked_) attempt->on_news();
    walked_.clear();
    for (MultiAttempt* attempt : reusable) {
      attempt->let_go();  // not before: what was shown last may still be read in the callback that ended it
      attempts_.give_back(*attempt);
    }
  }

  AttemptPool<MultiAttempt> attempts_{attempts_kept_max};
  // What waits for libcurl to be off the stack, and a second list to walk while the first fills.
  std::vector<MultiAttempt*> news_, dropped_, spent_, walked_;
  CurlMulti multi_;
};

}  // namespace

std::unique_ptr<Transport> make_multi_transport(Loop& loop, const TransportSettings& settings) {
  start_curl();
  return std::make_unique<MultiTransport>(loop, settings);
}

}  // namespace signalbox::native
