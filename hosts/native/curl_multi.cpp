#include "curl_multi.h"

#include <mutex>

namespace signalbox::native {

namespace {
constexpr int rounds_per_kick = 8;
}

// A descriptor of libcurl's own, level-triggered: libcurl reads one buffer at a time and relies on
// being told again.
class CurlMulti::Socket : public Pollable {
 public:
  Socket(CurlMulti& multi, curl_socket_t fd) : multi_(multi), fd_(fd) {}
  void on_ready(uint32_t epoll_events) override {
    int events = 0;
    if (epoll_events & (EPOLLIN | EPOLLRDHUP)) events |= CURL_CSELECT_IN;
    if (epoll_events & EPOLLOUT) events |= CURL_CSELECT_OUT;
    if (epoll_events & (EPOLLERR | EPOLLHUP)) events |= CURL_CSELECT_ERR;
    multi_.act(fd_, events);
  }

 private:
  CurlMulti& multi_;
  curl_socket_t fd_;
};

CurlMulti::CurlMulti(Loop& loop, CurlOwner& owner, long connections_max)
    : loop_(loop), owner_(owner), multi_(curl_multi_init()), kick_(loop, [this] { on_kick(); }), timeout_(loop, [this] {
        zero_asked_ = true;
        on_kick();
      }) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections_max);
}

CurlMulti::~CurlMulti() {
  // Kept connections are closed here, and each tells its socket goodbye through on_socket.
  ++depth_;
  curl_multi_cleanup(multi_);
}

bool CurlMulti::add(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

void CurlMulti::remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

void CurlMulti::unpause(CURL* easy) {
  ++depth_;
  curl_easy_pause(easy, CURLPAUSE_CONT);
  --depth_;
}

void CurlMulti::stir(CURL* easy, int pause_state) {
  ++depth_;
  curl_easy_pause(easy, pause_state | CURLPAUSE_SEND);
  curl_easy_pause(easy, pause_state);
  --depth_;
}

void CurlMulti::kick() {
  if (kicking_) {
    kick_asked_ = true;
    return;
  }
  int64_t now = loop_.now().monotonic_ms;
  if (kick_.due_ms() > now) kick_.arm_at(now);
}

int CurlMulti::on_socket(CURL*, curl_socket_t fd, int what, void* self_pointer, void* socket_pointer) {
  auto* self = static_cast<CurlMulti*>(self_pointer);
  auto* socket = static_cast<Socket*>(socket_pointer);
  if (what == CURL_POLL_REMOVE) {
    if (!socket) return 0;
    self->loop_.remove(fd);
    self->loop_.bury(std::unique_ptr<Pollable>(socket));
    curl_multi_assign(self->multi_, fd, nullptr);
    return 0;
  }
  uint32_t events = 0;
  if (what & CURL_POLL_IN) events |= EPOLLIN;
  if (what & CURL_POLL_OUT) events |= EPOLLOUT;
  if (socket) {
    self->loop_.modify(*socket, fd, events);
    return 0;
  }
  auto fresh = std::make_unique<Socket>(*self, fd);
  if (!self->loop_.add(*fresh, fd, events)) return -1;  // libcurl fails the transfers of this socket
  curl_multi_assign(self->multi_, fd, fresh.release());
  return 0;
}

int CurlMulti::on_timer(CURLM*, long ms, void* self_pointer) {
  auto* self = static_cast<CurlMulti*>(self_pointer);
  if (ms == 0) {
    self->zero_asked_ = true;
    self->timeout_.disarm();
    if (!self->kicking_) self->kick();
    return 0;
  }
  self->zero_asked_ = false;
  self->timeout_.arm_at(ms < 0 ? never_ms : self->loop_.now().monotonic_ms + ms);
  return 0;
}

void CurlMulti::on_kick() {
  kicking_ = true;
  owner_.on_outside();
  for (int round = 0; zero_asked_ && round < rounds_per_kick; ++round) {
    zero_asked_ = false;
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  kicking_ = false;
  // What was asked for meanwhile. Still wanting to be called at once, libcurl waits a millisecond: the
  // loop fires what is due until nothing is, and sockets must get their turn between.
  if (zero_asked_) kick_.arm_at(loop_.now().monotonic_ms + 1);
  else if (kick_asked_) kick_.arm_at(loop_.now().monotonic_ms);
  kick_asked_ = false;
}

void CurlMulti::act(curl_socket_t fd, int events) {
  int running = 0;
  ++depth_;
  curl_multi_socket_action(multi_, fd, events, &running);
  --depth_;
  leave();
}

void CurlMulti::leave() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Copied first: the message dies with its handle's removal.
    CURL* easy = message->easy_handle;
    CURLcode result = message->data.result;
    owner_.on_done(easy, result);
  }
  owner_.on_outside();
}

void set_common_options(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A lookup that nobody waits for any more must not be waited for: without this, removing a handle
  // joins the resolver's thread and stops the loop.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, long(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_PROXY, "");    // the empty string: not the environment's either
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");  // nor its exceptions
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long(CURL_SSLVERSION_TLSv1_2));
  // A model may think for minutes; what stands between must not forget the connection.
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_ALL); });
}

}  // namespace signalbox::native
