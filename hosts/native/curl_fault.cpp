#include "curl_fault.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace signalbox::native {

namespace {

// libcurl does not tell why it got no socket, no thread to look a name up, no file of authorities; so it
// is tried. Another thread may have freed a descriptor meanwhile: then it is told as the upstream's fault.
bool out_of_descriptors() {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == EMFILE || errno == ENFILE;
  close(fd);
  return false;
}

bool takes_descriptors(CURLcode result) {
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return true;
    default: return false;
  }
}

}  // namespace

FaultKind fault_of(CURL* easy, CURLcode result, HeadTold head_told, const char* message) {
  if (takes_descriptors(result) && head_told == HeadTold::no && out_of_descriptors()) return FaultKind::overloaded;
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return FaultKind::upstream_resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED: return FaultKind::upstream_connect;
    case CURLE_OPERATION_TIMEDOUT:  // the deadlines after the connect are ours
      return FaultKind::upstream_connect_timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CLIENTCERT: return FaultKind::upstream_tls;
    case CURLE_UNSUPPORTED_PROTOCOL:  // what it says of an answer without a status line
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP3: return FaultKind::upstream_protocol;
    case CURLE_OUT_OF_MEMORY:
      // Also what libcurl says of one header line beyond its own 100 KB.
      return head_told == HeadTold::no ? FaultKind::upstream_head_too_large : FaultKind::internal;
    case CURLE_RECV_ERROR: {
      long proxy_status = 0;
      curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
      if (head_told == HeadTold::no && proxy_status != 0 && proxy_status / 100 != 2)
        return FaultKind::upstream_connect;  // the proxy refused the tunnel
      if (std::strstr(message, "chunk")) return FaultKind::upstream_protocol;
      return FaultKind::upstream_reset;
    }
    case CURLE_BAD_FUNCTION_ARGUMENT:
      // What it says of a trailer without a colon; our own arguments are no business of an answer.
      return head_told == HeadTold::yes ? FaultKind::upstream_protocol : FaultKind::internal;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
    case CURLE_READ_ERROR:
    case CURLE_WRITE_ERROR: return FaultKind::upstream_reset;
    default: return FaultKind::internal;
  }
}

}  // namespace signalbox::native
