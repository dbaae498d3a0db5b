#include "connection_pool.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "curl_fault.h"

namespace signalbox::native {

namespace {

// Idle connections to one origin: more than a thread has exchanges in flight towards one provider.
constexpr size_t idle_per_origin_max = 256;
// And to all, a fraction of the descriptors a process has.
constexpr size_t idle_max = 1024;
// Shorter than the keep-alive of common servers (nginx 75 s), so that few go stale.
constexpr int64_t idle_ms_max = 60'000;
constexpr int64_t sweep_ms = 10'000;
// Connections libcurl may hold between "connected" and our taking them over, a moment later.
constexpr long connects_max = 4096;
// Handles kept for the next connects.
constexpr size_t free_dials_max = 16;

// Nothing stands there to be read, not even the end.
bool is_quiet(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

class ConnectionPool::Dial {
 public:
  Dial() : easy(curl_easy_init()) {
    set_common_options(easy);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Dial::on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  }
  ~Dial() { curl_easy_cleanup(easy); }
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  CURL* easy;
  ConnectionUser* user = nullptr;
  std::string origin;
  curl_socket_t taken = CURL_SOCKET_BAD;  // ours now; libcurl is not to close it

 private:
  static int on_close(void* self, curl_socket_t fd) {
    if (static_cast<Dial*>(self)->taken == fd) return 0;
    return ::close(fd);
  }
};

void UpstreamConnection::on_ready(uint32_t epoll_events) {
  constexpr uint32_t ending = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if (epoll_events & ending) hung_up = true;
  if (epoll_events & (EPOLLIN | ending)) readable = true;
  if (user_) user_->on_ready();
  else if (readable) pool_.close(*this);  // a farewell, or bytes nobody asked for
}

ConnectionPool::ConnectionPool(Loop& loop)
    : loop_(loop), sweep_(loop, [this] { sweep(); }), multi_(loop, *this, connects_max) {}

ConnectionPool::~ConnectionPool() {
  for (auto& dial : dials_) multi_.remove(dial->easy);
  while (!connections_.empty()) close(*connections_.back());
}

UpstreamConnection* ConnectionPool::take(std::string_view origin, ConnectionUser& user) {
  auto found = idle_.find(origin);
  if (found == idle_.end()) return nullptr;
  while (!found->second.empty()) {
    UpstreamConnection* connection = found->second.back();
    found->second.pop_back();
    --idle_count_;
    connection->user_ = &user;
    // What stands there already can be no answer to a request that has not been sent; the loop may not
    // have told of it yet.
    if (is_quiet(connection->fd_)) return connection;
    close(*connection);
  }
  return nullptr;
}

ConnectionPool::Dial* ConnectionPool::dial(std::string_view origin, ConnectionUser& user) {
  if (free_dials_.empty()) free_dials_.push_back(std::make_unique<Dial>());
  dials_.push_back(std::move(free_dials_.back()));
  free_dials_.pop_back();
  Dial* dial = dials_.back().get();
  dial->user = &user;
  dial->origin = origin;
  dial->taken = CURL_SOCKET_BAD;
  std::string url = "http://" + dial->origin;
  curl_easy_setopt(dial->easy, CURLOPT_URL, url.c_str());
  multi_.add(dial->easy);
  return dial;
}

void ConnectionPool::abandon(Dial* dial) { end(dial); }

void ConnectionPool::end(Dial* dial) {
  multi_.remove(dial->easy);  // closes what has not been taken
  auto place = std::find_if(dials_.begin(), dials_.end(), [&](auto& owned) { return owned.get() == dial; });
  if (free_dials_.size() < free_dials_max) free_dials_.push_back(std::move(*place));
  std::swap(*place, dials_.back());
  dials_.pop_back();
}

void ConnectionPool::on_done(CURL* easy, CURLcode result) {
  Dial* dial = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &dial);
  ConnectionUser& user = *dial->user;
  if (result == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &dial->taken);
  const curl_socket_t fd = dial->taken;
  std::string origin = std::move(dial->origin);
  FaultKind kind = FaultKind::upstream_connect;
  if (result != CURLE_OK) kind = fault_of(easy, result, HeadTold::no, "");
  end(dial);
  if (fd == CURL_SOCKET_BAD) {
    user.on_connect_failed(kind);
    return;
  }
  std::unique_ptr<UpstreamConnection> connection(new UpstreamConnection(*this, fd));
  if (!loop_.add(*connection, fd)) {
    ::close(fd);
    user.on_connect_failed(FaultKind::overloaded);
    return;
  }
  connection->user_ = &user;
  connection->origin_ = std::move(origin);
  connection->place_ = connections_.size();
  connections_.push_back(std::move(connection));
  user.on_connected(*connections_.back());
}

void ConnectionPool::keep(UpstreamConnection& connection) {
  auto& idle = idle_[connection.origin_];
  if (connection.hung_up || connection.readable || idle_count_ >= idle_max || idle.size() >= idle_per_origin_max) {
    close(connection);
    return;
  }
  connection.user_ = nullptr;
  connection.reused = true;
  connection.idle_since_ms_ = loop_.now().monotonic_ms;
  idle.push_back(&connection);
  ++idle_count_;
  if (sweep_.due_ms() == never_ms) sweep_.arm_at(connection.idle_since_ms_ + sweep_ms);
}

void ConnectionPool::close(UpstreamConnection& connection) {
  if (!connection.user_) {
    auto& idle = idle_[connection.origin_];
    auto place = std::find(idle.begin(), idle.end(), &connection);
    if (place != idle.end()) {
      idle.erase(place);
      --idle_count_;
    }
  }
  connection.user_ = nullptr;
  loop_.remove(connection.fd_);
  ::close(connection.fd_);
  size_t place = connection.place_;
  auto gone = std::move(connections_[place]);
  if (place + 1 != connections_.size()) {
    connections_[place] = std::move(connections_.back());
    connections_[place]->place_ = place;
  }
  connections_.pop_back();
  loop_.bury(std::move(gone));
}

void ConnectionPool::sweep() {
  int64_t before = loop_.now().monotonic_ms - idle_ms_max;
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    auto& idle = entry->second;  // the one idle longest stands first
    while (!idle.empty() && idle.front()->idle_since_ms_ <= before) close(*idle.front());
    if (idle.empty()) entry = idle_.erase(entry);
    else ++entry;
  }
  if (idle_count_ > 0) sweep_.arm_at(loop_.now().monotonic_ms + sweep_ms);
}

}  // namespace signalbox::native
