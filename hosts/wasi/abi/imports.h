// The functions of signalbox.wit as the canonical ABI flattens them for a core module: handles and numbers by
// value, texts and lists as pointer and length, whatever does not fit into one number through a ReturnArea.
// Nothing but declarations; what the results mean is said where they are read. Order and grouping are the WIT's.
#pragma once

#include <cstddef>
#include <cstdint>

#define SIGNALBOX_WASI(interface, function) \
  __attribute__((import_module("wasi:" interface "@0.2.0"), import_name(function)))

namespace signalbox::wasi::abi {

using RawHandle = int32_t;

extern "C" {

// clang-format off
SIGNALBOX_WASI("io/error", "[resource-drop]error") void drop_error(RawHandle);
SIGNALBOX_WASI("io/poll", "[resource-drop]pollable") void drop_pollable(RawHandle);
SIGNALBOX_WASI("io/poll", "poll") void poll_any(const RawHandle*, size_t, void* out);

SIGNALBOX_WASI("io/streams", "[resource-drop]input-stream") void drop_input_stream(RawHandle);
SIGNALBOX_WASI("io/streams", "[method]input-stream.read") void input_stream_read(RawHandle, int64_t bytes, void* out);
SIGNALBOX_WASI("io/streams", "[method]input-stream.subscribe") RawHandle input_stream_subscribe(RawHandle);
SIGNALBOX_WASI("io/streams", "[resource-drop]output-stream") void drop_output_stream(RawHandle);
SIGNALBOX_WASI("io/streams", "[method]output-stream.check-write") void output_stream_check_write(RawHandle, void* out);
SIGNALBOX_WASI("io/streams", "[method]output-stream.write") void output_stream_write(RawHandle, const char*, size_t, void* out);
SIGNALBOX_WASI("io/streams", "[method]output-stream.flush") void output_stream_flush(RawHandle, void* out);
SIGNALBOX_WASI("io/streams", "[method]output-stream.blocking-write-and-flush") void output_stream_write_now(RawHandle, const char*, size_t, void* out);
SIGNALBOX_WASI("io/streams", "[method]output-stream.subscribe") RawHandle output_stream_subscribe(RawHandle);

SIGNALBOX_WASI("clocks/monotonic-clock", "now") int64_t monotonic_ns();
SIGNALBOX_WASI("clocks/monotonic-clock", "subscribe-instant") RawHandle subscribe_instant(int64_t ns);
SIGNALBOX_WASI("clocks/wall-clock", "now") void wall_clock_now(void* out);
SIGNALBOX_WASI("random/random", "get-random-bytes") void get_random_bytes(int64_t bytes, void* out);
SIGNALBOX_WASI("cli/environment", "get-environment") void get_environment(void* out);
SIGNALBOX_WASI("cli/stderr", "get-stderr") RawHandle get_stderr();

SIGNALBOX_WASI("filesystem/preopens", "get-directories") void get_directories(void* out);
SIGNALBOX_WASI("filesystem/types", "[resource-drop]descriptor") void drop_descriptor(RawHandle);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.read") void descriptor_read(RawHandle, int64_t bytes, int64_t offset, void* out);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.write") void descriptor_write(RawHandle, const char*, size_t, int64_t offset, void* out);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.read-directory") void descriptor_read_directory(RawHandle, void* out);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.stat-at") void descriptor_stat_at(RawHandle, int32_t path_flags, const char*, size_t, void* out);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.open-at") void descriptor_open_at(RawHandle, int32_t path_flags, const char*, size_t, int32_t open_flags, int32_t flags, void* out);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.rename-at") void descriptor_rename_at(RawHandle, const char*, size_t, RawHandle to, const char*, size_t, void* out);
SIGNALBOX_WASI("filesystem/types", "[method]descriptor.unlink-file-at") void descriptor_unlink_file_at(RawHandle, const char*, size_t, void* out);
SIGNALBOX_WASI("filesystem/types", "[resource-drop]directory-entry-stream") void drop_directory_entry_stream(RawHandle);
SIGNALBOX_WASI("filesystem/types", "[method]directory-entry-stream.read-directory-entry") void read_directory_entry(RawHandle, void* out);

SIGNALBOX_WASI("http/types", "http-error-code") void http_error_code(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]fields") void drop_fields(RawHandle);
SIGNALBOX_WASI("http/types", "[constructor]fields") RawHandle new_fields();
SIGNALBOX_WASI("http/types", "[method]fields.append") void fields_append(RawHandle, const char*, size_t, const char*, size_t, void* out);
SIGNALBOX_WASI("http/types", "[method]fields.entries") void fields_entries(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]incoming-request") void drop_incoming_request(RawHandle);
SIGNALBOX_WASI("http/types", "[method]incoming-request.method") void incoming_request_method(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[method]incoming-request.path-with-query") void incoming_request_target(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[method]incoming-request.authority") void incoming_request_authority(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[method]incoming-request.headers") RawHandle incoming_request_headers(RawHandle);
SIGNALBOX_WASI("http/types", "[method]incoming-request.consume") void incoming_request_consume(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]outgoing-request") void drop_outgoing_request(RawHandle);
SIGNALBOX_WASI("http/types", "[constructor]outgoing-request") RawHandle new_outgoing_request(RawHandle fields);
SIGNALBOX_WASI("http/types", "[method]outgoing-request.body") void outgoing_request_body(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[method]outgoing-request.set-method") int32_t outgoing_request_set_method(RawHandle, int32_t which, const char*, size_t);
SIGNALBOX_WASI("http/types", "[method]outgoing-request.set-path-with-query") int32_t outgoing_request_set_target(RawHandle, int32_t some, const char*, size_t);
SIGNALBOX_WASI("http/types", "[method]outgoing-request.set-scheme") int32_t outgoing_request_set_scheme(RawHandle, int32_t some, int32_t which, const char*, size_t);
SIGNALBOX_WASI("http/types", "[method]outgoing-request.set-authority") int32_t outgoing_request_set_authority(RawHandle, int32_t some, const char*, size_t);
SIGNALBOX_WASI("http/types", "[resource-drop]request-options") void drop_request_options(RawHandle);
SIGNALBOX_WASI("http/types", "[constructor]request-options") RawHandle new_request_options();
SIGNALBOX_WASI("http/types", "[method]request-options.set-connect-timeout") int32_t set_connect_timeout(RawHandle, int32_t some, int64_t ns);
SIGNALBOX_WASI("http/types", "[method]request-options.set-first-byte-timeout") int32_t set_first_byte_timeout(RawHandle, int32_t some, int64_t ns);
SIGNALBOX_WASI("http/types", "[method]request-options.set-between-bytes-timeout") int32_t set_between_bytes_timeout(RawHandle, int32_t some, int64_t ns);
SIGNALBOX_WASI("http/types", "[resource-drop]response-outparam") void drop_response_outparam(RawHandle);
// result<own<outgoing-response>, error-code>, flattened: which of the two, then the largest case's numbers.
SIGNALBOX_WASI("http/types", "[static]response-outparam.set") void response_outparam_set(RawHandle, int32_t is_error, int32_t, int32_t, int64_t, int32_t, int32_t, int32_t, int32_t);
SIGNALBOX_WASI("http/types", "[resource-drop]incoming-response") void drop_incoming_response(RawHandle);
SIGNALBOX_WASI("http/types", "[method]incoming-response.status") int32_t incoming_response_status(RawHandle);
SIGNALBOX_WASI("http/types", "[method]incoming-response.headers") RawHandle incoming_response_headers(RawHandle);
SIGNALBOX_WASI("http/types", "[method]incoming-response.consume") void incoming_response_consume(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]incoming-body") void drop_incoming_body(RawHandle);
SIGNALBOX_WASI("http/types", "[method]incoming-body.stream") void incoming_body_stream(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]outgoing-response") void drop_outgoing_response(RawHandle);
SIGNALBOX_WASI("http/types", "[constructor]outgoing-response") RawHandle new_outgoing_response(RawHandle fields);
SIGNALBOX_WASI("http/types", "[method]outgoing-response.set-status-code") int32_t outgoing_response_set_status(RawHandle, int32_t);
SIGNALBOX_WASI("http/types", "[method]outgoing-response.body") void outgoing_response_body(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]outgoing-body") void drop_outgoing_body(RawHandle);
SIGNALBOX_WASI("http/types", "[method]outgoing-body.write") void outgoing_body_write(RawHandle, void* out);
SIGNALBOX_WASI("http/types", "[static]outgoing-body.finish") void outgoing_body_finish(RawHandle, int32_t some, RawHandle trailers, void* out);
SIGNALBOX_WASI("http/types", "[resource-drop]future-incoming-response") void drop_future_incoming_response(RawHandle);
SIGNALBOX_WASI("http/types", "[method]future-incoming-response.subscribe") RawHandle future_incoming_response_subscribe(RawHandle);
SIGNALBOX_WASI("http/types", "[method]future-incoming-response.get") void future_incoming_response_get(RawHandle, void* out);
SIGNALBOX_WASI("http/outgoing-handler", "handle") void outgoing_handler_handle(RawHandle request, int32_t some, RawHandle options, void* out);
// clang-format on

}  // extern "C"

}  // namespace signalbox::wasi::abi

#undef SIGNALBOX_WASI
