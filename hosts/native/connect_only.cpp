#include "connect_only.h"

#include "attempt_pool.h"
#include "http1_attempt.h"

namespace signalbox::native {

namespace {

// Attempts kept for reuse, with their buffers for heads and their timers.
constexpr size_t attempts_kept_max = 256;

// The parts that attempts share, made before the surroundings that refer to them.
struct Shared {
  Shared(Loop& loop, const TransportSettings& given) : settings(given), connections(loop) {}
  TransportSettings settings;
  BufferPool buffers;
  ConnectionPool connections;
};

class ConnectOnlyTransport final : public Transport, private Shared, public Http1Surroundings {
 public:
  ConnectOnlyTransport(Loop& l, const TransportSettings& s)
      : Shared(l, s),
        Http1Surroundings(l, Shared::connections, Shared::buffers, Shared::settings),
        soon_(l, [this] { on_soon(); }) {}

  Attempt* open(const AttemptRequest& request, AttemptListener& listener) override {
    Http1Attempt& attempt = attempts_.take(*this);
    attempt.begin(request, listener);
    return &attempt;
  }

  void adopt(const TransportSettings& adopted) override { Shared::settings = adopted; }
  void trim() override {
    Shared::buffers.trim();
    attempts_.trim();
  }

 private:
  void bring_news(Http1Attempt& attempt) override {
    news_.push_back(&attempt);
    wake();
  }

  void spend(Http1Attempt& attempt) override {
    spent_.push_back(&attempt);
    wake();
  }

  // At the end of this turn; what news bring about waits a millisecond, because the loop fires what is
  // due until nothing is, and sockets must get their turn between.
  void wake() {
    int64_t at = loop.now().monotonic_ms + (walking_ ? 1 : 0);
    if (soon_.due_ms() > at) soon_.arm_at(at);
  }

  void on_soon() {
    walking_ = true;
    // Reused from now on: no frame of theirs is on the stack, and no list names them once the news,
    // which may, are told.
    reusable_.swap(spent_);
    walked_.swap(news_);
    for (Http1Attempt* attempt : walked_) attempt->on_news();
    walked_.clear();
    for (Http1Attempt* attempt : reusable_) {
      attempt->let_go();
      attempts_.give_back(*attempt);
    }
    reusable_.clear();
    walking_ = false;
  }

  AttemptPool<Http1Attempt> attempts_{attempts_kept_max};
  std::vector<Http1Attempt*> news_, spent_, walked_, reusable_;
  Timer soon_;
  bool walking_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_connect_only_transport(Loop& loop, const TransportSettings& settings) {
  start_curl();
  return std::make_unique<ConnectOnlyTransport>(loop, settings);
}

}  // namespace signalbox::native
