// Whether a byte of an answer has come on a connection that libcurl reads. libcurl tells of whole header
// lines only; the right to repeat a request ends with the first byte (attempt_clock.h).
//
//   plain    the kernel's count of segments with data, taken before the request and when the socket
//            closes (a FIN is no such segment, where tcpi_bytes_received counts it as a byte)
//   TLS      the first record of application data; an alert such as close_notify is none
//   HTTP/2   not watched: an answer begins with a whole frame of headers there, which libcurl tells, and
//            what else comes belongs to the connection
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

struct ssl_st;

namespace signalbox::native {

class AnswerWatch;

// What the watches of one multi handle share. Must outlive that handle: it is told of sockets until then.
class AnswerWatches {
 public:
  // Sets the options of `easy` that this needs; it closes the sockets of libcurl from now on.
  void install(CURL* easy);
  // Opens a socket: what CURLOPT_OPENSOCKETFUNCTION is to answer.
  curl_socket_t open_socket(const curl_sockaddr& address);

 private:
  friend class AnswerWatch;
  static int on_close(void* self, curl_socket_t fd);
  static CURLcode on_tls_context(CURL*, void* context, void* self);
  static void on_tls_record(int written, int version, int type, const void* bytes, size_t size, ssl_st* tls,
                            void* self);

  // The socket between these two addresses. libcurl names a transfer's connection by them and does not
  // tell its descriptor before the transfer has ended.
  curl_socket_t find(const std::string& ends);

  std::vector<curl_socket_t> unnamed_;  // opened, and not looked up yet
  std::unordered_map<std::string, curl_socket_t> by_ends_;
  std::unordered_map<curl_socket_t, std::string> named_;
  std::unordered_map<curl_socket_t, AnswerWatch*> sockets_;
  std::unordered_map<ssl_st*, AnswerWatch*> tls_;
};

// One transfer's view of the connection it is on.
class AnswerWatch {
 public:
  explicit AnswerWatch(AnswerWatches& watches) : watches_(watches) {}
  ~AnswerWatch() { stop(); }
  AnswerWatch(const AnswerWatch&) = delete;
  AnswerWatch& operator=(const AnswerWatch&) = delete;

  // What libcurl tells of a connection (CURLOPT_PREREQFUNCTION).
  struct Ends {
    const char *remote_ip, *local_ip;
    int remote_port, local_port;
  };
  enum class Connection : uint8_t { fresh, kept };
  // To be called when `easy` has its connection and has written nothing. False: it is a kept one, and
  // bytes or its end stand there already, which can be no answer to what has not been asked.
  bool begin(CURL* easy, const Ends& ends, Connection connection);
  // Ends the watch; what `byte_came` answers stays.
  void stop();
  // Since `begin`, until now or `stop` or the close of the connection. When it cannot be told: true.
  bool byte_came();

 private:
  friend class AnswerWatches;
  void look();

  AnswerWatches& watches_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;  // while watched
  ssl_st* tls_ = nullptr;                   // while watched
  uint32_t segments_before_ = 0;
  bool came_ = false;
};

}  // namespace signalbox::native
