// The options of an attempt's easy handle: those that never change, and those that say its request.
#include "multi_attempt.h"

namespace signalbox::native {

namespace {

// An upstream's own keep-alive is rarely shorter; providers close idle ones after 60 s and more.
constexpr long connection_idle_s_max = 60;
// The smallest libcurl takes: every open stream with an upload holds one.
constexpr long upload_buffer_bytes = 16 << 10;

}  // namespace

void MultiAttempt::set_fixed_options() {
  set_common_options(easy_);
  around_.watches.install(easy_);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, long(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy_, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_HEADEROPT, long(CURLHEADER_SEPARATE));  // a proxy sees no credential
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, connection_idle_s_max);
  curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &MultiAttempt::on_open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &MultiAttempt::on_connected);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &MultiAttempt::on_read);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &MultiAttempt::on_seek);
  curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &MultiAttempt::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &MultiAttempt::on_write);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

void MultiAttempt::set_trust(std::string_view ca_file) {
  if (ca_file_ == ca_file) return;
  // Only a reset brings the system's own store back.
  curl_easy_reset(easy_);
  set_fixed_options();
  ca_file_ = ca_file;
  if (ca_file_.empty()) return;
  curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file_.c_str());
  curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // that file, and not the system's beside it
}

void MultiAttempt::set_method(const AttemptRequest& request) {
  text_ = request.method;
  answer_to_ = request.method == "HEAD" ? http1::AnswerTo::head : http1::AnswerTo::other;
  if (upload_.body_bytes() > 0 || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(upload_.body_bytes()));
  } else {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    if (answer_to_ == http1::AnswerTo::head) curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, text_.c_str());
}

void MultiAttempt::add_header(std::string_view name, std::string_view value) {
  text_ = name;
  if (value.empty()) {
    text_ += ';';  // libcurl's way to say an empty value; a bare colon would take the header away
  } else {
    text_ += ": ";
    text_ += value;
  }
  headers_ = curl_slist_append(headers_, text_.c_str());
}

void MultiAttempt::set_headers(const AttemptRequest& request) {
  curl_slist_free_all(headers_);
  headers_ = nullptr;
  bool has_accept = false, has_type = false;
  for (const Header& header : request.headers) {
    if (is_framing(header.name)) continue;
    has_accept |= http1::same_name(header.name, "accept");
    has_type |= http1::same_name(header.name, "content-type");
    add_header(header.name, header.value);
  }
  if (!request.credential.name.empty()) add_header(request.credential.name, request.credential.value);
  // What libcurl would add by itself.
  headers_ = curl_slist_append(headers_, "Expect:");
  if (!has_accept) headers_ = curl_slist_append(headers_, "Accept:");
  if (!has_type) headers_ = curl_slist_append(headers_, "Content-Type:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
}

}  // namespace signalbox::native
