// One thread of the server: its loop, gateway, upstream connections, and the clients it has accepted.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "client_connection.h"
#include "performer.h"
#include "probe_runner.h"
#include "server.h"
#include "upstream.h"

struct sockaddr_storage;

namespace signalbox::native {

class ServerThread final : public ConnectionHost, public PerformerHost {
 public:
  // Takes over the listening `sockets`. Everything but `post_*` and `stop` runs on the thread itself.
  ServerThread(HttpServer& server, uint32_t number, std::vector<int> sockets);
  ~ServerThread() override;

  void run();

  // From other threads.
  void post_setup(const Setup& setup);  // copies it
  void post_delta(std::shared_ptr<const std::string> delta);
  void post_turn(uint64_t turn);
  void post_drain();
  void stop() { loop_.stop(); }

  Loop& loop() override { return loop_; }
  RequestBuffers& buffers() override { return buffers_; }
  const Limits& limits() const override { return gateway_.config()->server.limits; }
  std::string_view date() override;
  bool draining() const override { return draining_; }
  std::unique_ptr<RequestHandler> make_handler(ClientConnection& connection) override;
  std::string new_request_id() override;
  void on_refused(std::string_view reason, int status, std::string_view request_id) override;
  void on_closed(ClientConnection& connection) override;

  Gateway& gateway() override { return gateway_; }
  Transport& transport() override { return *transport_; }
  std::array<uint8_t, 16> random() override;
  std::shared_ptr<const SecretLookup> secrets() override { return secrets_; }
  void share(std::string_view delta) override;
  void await_turn(uint64_t turn, Performer& performer) override { awaiting_[turn] = &performer; }
  void forget_turn(uint64_t turn) override { awaiting_.erase(turn); }
  void give_turn(const GiveTurn& give) override;
  void on_report(const Report& report) override;
  std::string on_out_of_descriptors() override;

 private:
  class Listener;

  void accept_from(int socket);
  void take_client(int fd, const sockaddr_storage& peer, ClientConnection::Welcome welcome);
  bool has_place() const;
  ClientConnection::Welcome take_place();
  void free_place(ClientConnection::Welcome welcome);
  void rest_until_place();
  void accept_again();
  void rest_from_accepting(int error);
  void drain();
  void close_listeners();
  void end_if_drained();
  void trim();

  HttpServer& server_;
  RequestBuffers buffers_;
  Loop loop_;
  Gateway gateway_;
  std::shared_ptr<const SecretLookup> secrets_;  // changes together with the gateway's configuration
  std::unique_ptr<Transport> transport_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<ClientConnection*> clients_;
  std::unordered_map<uint64_t, Performer*> awaiting_;  // by the turn that they await
  std::optional<ProbeRunner> probes_;                  // of the first thread, which asks for all
  bool draining_ = false;
  Timer trim_;
  size_t work_ = 0;       // exchanges that have ended since the last trim
  size_t work_most_ = 0;  // of one such time, with the clients at its end; halved each time the heap is trimmed
  Timer accept_again_;
  bool resting_until_place_ = false;
  Timer drain_end_;
  int64_t date_second_ = -1;
  char date_[32] = {};
  std::array<uint8_t, 4096> random_{};
  size_t random_used_ = 4096;
};

}  // namespace signalbox::native
