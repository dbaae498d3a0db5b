#include "server_thread.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "descriptors.h"
#include "hosts/capabilities.h"
#include "http1/write.h"

namespace signalbox::native {

namespace {

// How often memory that was not needed goes back.
constexpr int64_t trim_every_ms = 5'000;

// How long accepting rests when the process is out of descriptors or memory.
constexpr int64_t accept_rest_ms = 100;

// How soon a thread looks again whether one of its sisters' clients has left, when there is no place for
// another; its own it notices at once.
constexpr int64_t full_rest_ms = 100;

// How many are being turned away at a time. Each has a buffer of 64 KiB for a moment: so the crowd at a full door costs
// 8 MiB at most, and a descriptor each of those that descriptors.cpp counts as spare. All others wait in the kernel's
// queue (listen.cpp), for a turn of this.
constexpr int64_t turned_away_max = 128;

// Taken in one turn; the others' frames must not wait for a crowd at the door.
constexpr int accepts_per_turn = 64;

PeerScope scope_of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto& a = reinterpret_cast<const sockaddr_in&>(peer);
    return (ntohl(a.sin_addr.s_addr) >> 24) == 127 ? PeerScope::loopback : PeerScope::remote;
  }
  if (peer.ss_family == AF_INET6) {
    const auto& a = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&a)) return PeerScope::loopback;
    if (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127) return PeerScope::loopback;
    return PeerScope::remote;
  }
  return PeerScope::unknown;
}

Address address_of(const sockaddr_storage& peer) {
  Address address;
  if (peer.ss_family == AF_INET) {
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, 4);
  } else if (peer.ss_family == AF_INET6) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, 16);
  }
  return address;
}

TransportSettings transport_settings(const Config& config) {
  TransportSettings settings;
  settings.answer_head_bytes_max = size_t(config.server.limits.answer_head_bytes_max);
  settings.window_bytes_max = size_t(config.server.limits.frame_bytes_max) + (64 << 10);
  return settings;
}

}  // namespace

class ServerThread::Listener final : public Pollable {
 public:
  Listener(ServerThread& thread, int fd) : thread_(thread), fd_(fd) { rearm(); }
  ~Listener() override { ::close(fd_); }
  void on_ready(uint32_t) override { thread_.accept_from(fd_); }
  // Level-triggered: what one turn does not take, the next one does.
  void rearm() { thread_.loop_.add(*this, fd_, EPOLLIN); }
  void rest() { thread_.loop_.remove(fd_); }

 private:
  ServerThread& thread_;
  int fd_;
};

ServerThread::ServerThread(HttpServer& server, uint32_t number, std::vector<int> sockets)
    : server_(server),
      gateway_(std::make_shared<const Config>(server.setup_.config), hosts::native, server.first_writer_ + number,
               PermitsShare{server.permits_, number}),
      secrets_(std::make_shared<const SecretLookup>(server.setup_.secrets)),
      transport_(make_transport(loop_, transport_settings(server.setup_.config))),
      trim_(loop_, [this] { trim(); }),
      accept_again_(loop_, [this] { accept_again(); }),
      drain_end_(loop_, [this] {
        server_.cut_ = true;
        loop_.stop();
      }) {
  gateway_.share_ledger(server.ledger_);
  gateway_.share_metrics(server.metrics_->of(number));
  for (int fd : sockets) listeners_.push_back(std::make_unique<Listener>(*this, fd));
  trim_.arm_at(loop_.now().monotonic_ms + trim_every_ms);
  if (number == 0) probes_.emplace(*this).adopt();
}

ServerThread::~ServerThread() = default;

void ServerThread::run() {
  loop_.run();
  close_listeners();
  if (!clients_.empty()) server_.cut_ = true;
  while (!clients_.empty()) clients_.back()->close_now();
  loop_.sweep();
  server_.thread_ended();
}

void ServerThread::accept_from(int socket) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    if (!has_place()) return rest_until_place();
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(socket, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      take_client(fd, peer, take_place());
      continue;
    }
    switch (errno) {
      case EAGAIN: return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: return rest_from_accepting(errno);
      default: break;  // the connection is gone already, or a network's error stands in for it (accept(2))
    }
  }
}

void ServerThread::take_client(int fd, const sockaddr_storage& peer, ClientConnection::Welcome welcome) {
  auto client = std::make_unique<ClientConnection>(*this, fd, scope_of(peer), address_of(peer), welcome);
  if (!client->start()) return free_place(welcome);
  client->index = clients_.size();
  clients_.push_back(client.release());
}

bool ServerThread::has_place() const {
  return server_.connection_count_.load(std::memory_order_relaxed) < limits().connections_max ||
         server_.turned_away_count_.load(std::memory_order_relaxed) < turned_away_max;
}

// Counted when somebody is there and never before: a thread that is woken for a client whom another one takes must not
// hold a place meanwhile. All threads together never serve more than the limit; of those who are turned away there may be
// one more for each thread than turned_away_max.
ClientConnection::Welcome ServerThread::take_place() {
  int64_t count = server_.connection_count_.load(std::memory_order_relaxed);
  while (count < limits().connections_max)
    if (server_.connection_count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed))
      return ClientConnection::Welcome::served;
  server_.turned_away_count_.fetch_add(1, std::memory_order_relaxed);
  server_.full_.say(
      "server.limits.connections_max is reached; further connections are answered with 503 and retry-after.",
      loop_.now().monotonic_ms);
  return ClientConnection::Welcome::turned_away;
}

void ServerThread::free_place(ClientConnection::Welcome welcome) {
  auto& count = welcome == ClientConnection::Welcome::served ? server_.connection_count_ : server_.turned_away_count_;
  count.fetch_sub(1, std::memory_order_relaxed);
}

// Who is not accepted waits in the kernel, and is served or turned away as soon as somebody leaves.
void ServerThread::rest_until_place() {
  for (auto& listener : listeners_) listener->rest();
  resting_until_place_ = true;
  accept_again_.arm_at(loop_.now().monotonic_ms + full_rest_ms);
}

void ServerThread::accept_again() {
  resting_until_place_ = false;
  for (auto& listener : listeners_) listener->rearm();
}

void ServerThread::rest_from_accepting(int error) {
  for (auto& listener : listeners_) listener->rest();
  const int64_t now = loop_.now().monotonic_ms;
  accept_again_.arm_at(now + accept_rest_ms);
  std::string text = std::string("Cannot accept connections for the moment: ") + std::strerror(error) + ".";
  if (error == EMFILE) text.append(" ").append(out_of_descriptors());
  server_.not_accepting_.say(text, now);
}

std::string_view ServerThread::date() {
  const int64_t second = loop_.now().unix_ms / 1000;
  if (second != date_second_) {
    date_second_ = second;
    http1::write_date(date_, second);
  }
  return {date_, http1::date_bytes};
}

std::unique_ptr<RequestHandler> ServerThread::make_handler(ClientConnection& connection) {
  return std::make_unique<Performer>(*this, &connection);
}

std::string ServerThread::new_request_id() {
  static constexpr char hex[] = "0123456789abcdef";
  std::string id = "req_";
  for (uint8_t byte : random()) {
    id.push_back(hex[byte >> 4]);
    id.push_back(hex[byte & 15]);
  }
  return id;
}

void ServerThread::on_refused(std::string_view reason, int status, std::string_view request_id) {
  server_.log_.refused(reason, status, request_id);
}

void ServerThread::on_closed(ClientConnection& connection) {
  clients_.back()->index = connection.index;
  clients_[connection.index] = clients_.back();
  clients_.pop_back();
  free_place(connection.welcome());
  if (resting_until_place_) accept_again_.arm_at(loop_.now().monotonic_ms);
  end_if_drained();
}

std::array<uint8_t, 16> ServerThread::random() {
  // One system call for many requests.
  if (random_used_ == random_.size()) {
    size_t filled = 0;
    while (filled < random_.size()) {
      const ssize_t n = getrandom(random_.data() + filled, random_.size() - filled, 0);
      if (n > 0) filled += size_t(n);
    }
    random_used_ = 0;
  }
  std::array<uint8_t, 16> out;
  std::memcpy(out.data(), random_.data() + random_used_, out.size());
  random_used_ += out.size();
  return out;
}

void ServerThread::share(std::string_view delta) { server_.share(*this, delta); }

void ServerThread::on_report(const Report& report) {
  ++work_;
  server_.log_.exchange(report);
}

std::string ServerThread::on_out_of_descriptors() {
  std::string text = out_of_descriptors();
  server_.no_descriptor_.say(text, loop_.now().monotonic_ms);
  return text;
}

// The allocator keeps what a crowd has left behind: below the top of a heap nothing goes back to the system unasked. It is
// asked when there is far less to do than there was, since a busy thread would only take it again; and a few times more, for
// what the crowd has left to the pools, which let it go later.
void ServerThread::trim() {
  buffers_.trim();
  transport_->trim();
  const size_t work = work_ + clients_.size();
  work_ = 0;
  if (work * 4 < work_most_) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    work_most_ /= 2;
  }
  work_most_ = std::max(work_most_, work);
  trim_.arm_at(loop_.now().monotonic_ms + trim_every_ms);
}

void ServerThread::post_setup(const Setup& setup) {
  // Copies of its own: threads share no configuration, not even a count of references.
  auto config = std::make_shared<const Config>(setup.config);
  auto secrets = std::make_shared<const SecretLookup>(setup.secrets);
  loop_.post([this, config = std::move(config), secrets = std::move(secrets)]() mutable {
    transport_->adopt(transport_settings(*config));
    gateway_.adopt(std::move(config));
    secrets_ = std::move(secrets);
    if (probes_ && !draining_) probes_->adopt();
  });
}

void ServerThread::post_delta(std::shared_ptr<const std::string> delta) {
  loop_.post([this, delta = std::move(delta)] { gateway_.merge(*delta); });
}

void ServerThread::give_turn(const GiveTurn& give) { server_.give_turn(give); }

// Who awaited it may have left meanwhile.
void ServerThread::post_turn(uint64_t turn) {
  loop_.post([this, turn] {
    if (const auto found = awaiting_.find(turn); found != awaiting_.end()) found->second->on_turn();
  });
}

void ServerThread::post_drain() {
  loop_.post([this] { drain(); });
}

void ServerThread::drain() {
  if (draining_) return;
  // Who has been let in by the kernel already would otherwise see a reset.
  for (const auto& listener : listeners_) listener->on_ready(EPOLLIN);
  draining_ = true;
  if (probes_) probes_->stop();
  close_listeners();
  drain_end_.arm_at(loop_.now().monotonic_ms + gateway_.config()->server.drain_ms);
  const std::vector<ClientConnection*> now = clients_;
  for (ClientConnection* client : now) client->drain();
  end_if_drained();
}

void ServerThread::close_listeners() {
  accept_again_.disarm();
  for (auto& listener : listeners_) {
    listener->rest();
    loop_.bury(std::move(listener));
  }
  listeners_.clear();
}

void ServerThread::end_if_drained() {
  if (draining_ && clients_.empty()) loop_.stop();
}

}  // namespace signalbox::native
