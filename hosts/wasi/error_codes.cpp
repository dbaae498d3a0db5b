#include "error_codes.h"

namespace signalbox::wasi {

namespace {

// The cases of error-code, in the WIT's order.
enum Code : int {
  dns_timeout,
  dns_error,
  destination_not_found,
  destination_unavailable,
  destination_ip_prohibited,
  destination_ip_unroutable,
  connection_refused,
  connection_terminated,
  connection_timeout,
  connection_read_timeout,
  connection_write_timeout,
  connection_limit_reached,
  tls_protocol_error,
  tls_certificate_error,
  tls_alert_received,
  http_request_denied,
  http_request_length_required,
  http_request_body_size,
  http_request_method_invalid,
  http_request_uri_invalid,
  http_request_uri_too_long,
  http_request_header_section_size,
  http_request_header_size,
  http_request_trailer_section_size,
  http_request_trailer_size,
  http_response_incomplete,
  http_response_header_section_size,
  http_response_header_size,
  http_response_body_size,
  http_response_trailer_section_size,
  http_response_trailer_size,
  http_response_transfer_coding,
  http_response_content_coding,
  http_response_timeout,
  http_upgrade_failed,
  http_protocol_error,
  loop_detected,
  configuration_error,
  internal_error,
};

}  // namespace

FaultKind fault_of_opening(int error_code) {
  switch (error_code) {
    case dns_timeout:
    case dns_error:
    case destination_not_found: return FaultKind::upstream_resolve;
    case destination_unavailable:
    case destination_ip_prohibited:
    case destination_ip_unroutable:
    case connection_refused:
    case connection_limit_reached:
    case http_request_denied: return FaultKind::upstream_connect;
    case connection_timeout: return FaultKind::upstream_connect_timeout;
    case tls_protocol_error:
    case tls_certificate_error:
    case tls_alert_received: return FaultKind::upstream_tls;
    case connection_read_timeout:
    case http_response_timeout: return FaultKind::upstream_first_byte_timeout;
    case http_response_header_section_size:
    case http_response_header_size: return FaultKind::upstream_head_too_large;
    case http_request_method_invalid:
    case http_request_uri_invalid:
    case configuration_error: return FaultKind::internal;
    case http_response_transfer_coding:
    case http_upgrade_failed:
    case loop_detected: return FaultKind::upstream_protocol;
    default: return FaultKind::upstream_reset;
  }
}

FaultKind fault_of_reading(int error_code) {
  switch (error_code) {
    case connection_read_timeout:
    case http_response_timeout: return FaultKind::upstream_idle_timeout;
    default: return FaultKind::upstream_reset;
  }
}

FaultKind fault_of_client(int error_code) {
  switch (error_code) {
    case connection_terminated:
    case connection_timeout:
    case connection_read_timeout: return FaultKind::client_gone;
    // wasmtime names no code. Whoever broke the framing is still there and gets an answer; of one who left nobody
    // reads it.
    default: return FaultKind::bad_request;
  }
}

}  // namespace signalbox::wasi
