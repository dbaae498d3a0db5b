#include "server.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "listen.h"
#include "server_thread.h"

namespace signalbox::native {

HttpServer::HttpServer(Setup setup, Log& log)
    : setup_(std::move(setup)),
      log_(log),
      ledger_(setup_.config.server.clients.addresses_max),
      first_writer_(std::random_device()()) {
  const int64_t asked = setup_.config.server.threads;
  thread_count_ = asked > 0 ? size_t(asked) : std::max(1u, std::thread::hardware_concurrency());
  permits_ = std::make_shared<Permits>(uint32_t(thread_count_));
  metrics_ = make_metrics_board(uint32_t(thread_count_));
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  woken_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

HttpServer::~HttpServer() {
  for (auto& sockets : sockets_)
    for (int fd : sockets) close(fd);
  close(signals_);
  close(woken_);
}

std::optional<std::string> HttpServer::listen() {
  std::vector<std::vector<int>> sockets(thread_count_);
  std::vector<std::string> addresses;
  std::optional<std::string> problem;
  for (const std::string& address : setup_.config.server.listen) {
    Listening listening = listen_on(address, thread_count_);
    if (!listening.problem.empty()) {
      problem = std::move(listening.problem);
      break;
    }
    for (size_t i = 0; i < thread_count_; ++i) sockets[i].push_back(listening.sockets[i]);
    addresses.push_back(std::move(listening.address));
  }
  if (problem) {
    for (auto& of_thread : sockets)
      for (int fd : of_thread) close(fd);
    return problem;
  }
  sockets_ = std::move(sockets);
  addresses_ = std::move(addresses);
  return std::nullopt;
}

void HttpServer::share(const ServerThread& from, std::string_view delta) {
  if (state_ && state_->add(delta)) wake();
  if (threads_.size() < 2) return;
  auto copy = std::make_shared<const std::string>(delta);
  for (auto& thread : threads_)
    if (thread.get() != &from) thread->post_delta(copy);
}

void HttpServer::give_turn(const GiveTurn& give) {
  if (give.gateway < threads_.size()) threads_[give.gateway]->post_turn(give.turn);
}

void HttpServer::thread_ended() {
  running_.fetch_sub(1);
  wake();
}

void HttpServer::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(woken_, &one, sizeof one);
}

void HttpServer::adopt(const Setup& setup) {
  const auto& server = setup.config.server;
  const auto& running = setup_.config.server;
  if (server.listen != running.listen || server.threads != running.threads || server.state_file != running.state_file)
    log_.message(LogLevel::warn, "server.listen, server.threads and server.state_file change only with a restart.");
  for (auto& thread : threads_) thread->post_setup(setup);
  log_.message(LogLevel::info, "Configuration reloaded: " + setup.loaded + ".");
}

HttpServer::Stop HttpServer::run(const std::function<std::optional<Setup>()>& reload) {
  for (size_t i = 0; i < thread_count_; ++i)
    threads_.push_back(
        std::make_unique<ServerThread>(*this, uint32_t(i), std::exchange(sockets_[i], std::vector<int>{})));
  if (const std::string& path = setup_.config.server.state_file; !path.empty()) {
    state_ = std::make_unique<StateFile>(path, log_);
    const std::string kept = state_->read();
    for (auto& thread : threads_) thread->gateway().merge(kept);
  }
  running_ = thread_count_;
  std::vector<std::thread> running;
  for (auto& thread : threads_) running.emplace_back([&thread] { thread->run(); });

  bool stopping = false;
  while (running_.load() > 0) {
    pollfd waits[2] = {{signals_, POLLIN, 0}, {woken_, POLLIN, 0}};
    if (poll(waits, 2, state_ ? state_->wait_ms() : -1) < 0) continue;
    uint64_t count;
    [[maybe_unused]] ssize_t n = read(woken_, &count, sizeof count);
    signalfd_siginfo signal_info{};
    while (read(signals_, &signal_info, sizeof signal_info) == sizeof signal_info) {
      if (signal_info.ssi_signo == SIGHUP) {
        if (stopping) continue;
        if (std::optional<Setup> setup = reload()) {
          adopt(*setup);
          setup_ = std::move(*setup);
        }
      } else if (!stopping) {
        stopping = true;
        log_.message(LogLevel::info, "Stopping: open exchanges may finish. A second signal ends at once.");
        for (auto& thread : threads_) thread->post_drain();
      } else {
        for (auto& thread : threads_) thread->stop();
      }
    }
    if (state_) state_->write_if_due();
  }
  for (std::thread& thread : running) thread.join();
  if (state_) state_->write_last();
  threads_.clear();
  return cut_ ? Stop::cut : Stop::drained;
}

}  // namespace signalbox::native
