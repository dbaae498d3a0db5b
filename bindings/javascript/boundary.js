// What crosses linear memory, made from bindings/wasm/records.h by scripts/bindings: not to be changed by hand.
// The objects in small letters say at which 32-bit word of a record a value stands.

export const Event = Object.freeze({
  client_head: 0,
  client_body: 1,
  client_gone: 2,
  client_failed: 3,
  client_taking: 4,
  upstream_sent: 5,
  upstream_head: 6,
  upstream_body: 7,
  upstream_end: 8,
  upstream_failed: 9,
  upstream_piped: 10,
  woken: 11,
  place_told: 12,
});

export const Effect = Object.freeze({
  open_upstream: 0,
  cancel_upstream: 1,
  send_client_head: 2,
  send_client_body: 3,
  release_body: 4,
  decode_request: 5,
  release_request: 6,
  share_state: 7,
  await_turn: 8,
  give_turn: 9,
  await_taking: 10,
  set_pace: 11,
  ask_place: 12,
  finish: 13,
});

export const event = Object.freeze({
  kind: 0, // one of Event
  attempt: 1, // upstream_*; place_told: the option, -1 none, -2 nobody could be asked
  fresh_bytes: 2, // client_head: of `method, target, (name, value)...`; upstream_head: of `(name, value)...`; *_body
  last: 3, // client_body: 1 when nothing follows
  body_bytes: 4, // client_head: announced length, -1 when not said; upstream_piped: how many went by
  peer: 5, // client_head: one of Peer
  random_0: 6, // client_head: 16 random bytes, with the three words that follow
  random_1: 7,
  random_2: 8,
  random_3: 9,
  status: 10, // upstream_head
  fault: 11, // client_failed, upstream_failed: one of Fault
  complete: 12, // upstream_piped: 0 when the upstream was cut
  words: 13,
});

export const step = Object.freeze({
  effects: 0, // address of the first effect
  effect_count: 1,
  wake_in_ms: 2, // -1: never
  client_data: 3, // next in the client's body
  client_bytes: 4,
  client_pieces: 5, // how many send_client_body and release_body it is of
  words: 6,
});

export const effect = Object.freeze({
  kind: 0, // one of Effect
  attempt: 1, // open_upstream, cancel_upstream, send_client_head, release_body, set_pace
  text: 2, // open_upstream: `method, url, provider, credential, (name, value)...`; send_client_head: `(name, value)...`; decode_request: the coding's name; ask_place: `queue, most that wait, ms, (option, name, most)...`; finish: the line for the log, empty when the log's level leaves it out
  text_bytes: 3,
  data: 4, // share_state; open_upstream: its pieces
  data_bytes: 5, // share_state, release_body; open_upstream: of all pieces together
  piece_count: 6, // open_upstream; ask_place: how many options
  place: 7, // open_upstream: one of Place
  connect_ms: 8, // open_upstream; 0: none
  first_byte_ms: 9, // open_upstream; 0: none
  idle_ms: 10, // open_upstream; 0: none
  status: 11, // send_client_head
  body_bytes: 12, // send_client_head: -1 when not known; decode_request: how many decoded bytes are taken
  mode: 13, // send_client_head: one of Mode
  to: 14, // release_body: one of ReleaseTo
  pace: 15, // set_pace: one of Pace
  ending: 16, // finish: one of Ending
  level: 17, // finish: one of Level
  turn_0: 18, // await_turn, give_turn: its lower word, with the upper one that follows
  turn_1: 19,
  words: 20,
});

export const piece = Object.freeze({
  data: 0, // address
  data_bytes: 1,
  words: 2,
});

export const Room = Object.freeze({
  head: 0,
  request_body: 1,
  answer_body: 2,
});

export const Peer = Object.freeze({
  loopback: 0,
  remote: 1,
  unknown: 2,
  host: 3,
});

export const Mode = Object.freeze({
  pass: 0,
  observe: 1,
  rewrite: 2,
});

export const Place = Object.freeze({
  none: 0,
  x_api_key: 1,
  bearer: 2,
  x_goog_api_key: 3,
  api_key: 4,
});

export const Pace = Object.freeze({
  of_client: 0,
  free: 1,
});

export const ReleaseTo = Object.freeze({
  client: 0,
  nobody: 1,
});

export const Ending = Object.freeze({
  complete: 0,
  cut: 1,
});

export const Level = Object.freeze({
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
});

export const VariableUse = Object.freeze({
  plain: 0,
  client_key: 1,
  credential: 2,
});

export const VariableState = Object.freeze({
  set: 0,
  unset: 1,
  empty: 2,
  unprintable: 3,
});

export const Fault = Object.freeze({
  none: 0,
  bad_request: 1,
  bad_json: 2,
  duplicate_fact: 3,
  unauthenticated: 4,
  forbidden: 5,
  not_found: 6,
  model_unknown: 7,
  method_not_allowed: 8,
  websocket: 9,
  request_too_large: 10,
  head_too_large: 11,
  unsupported_coding: 12,
  bad_coding: 13,
  request_timeout: 14,
  client_gone: 15,
  previous_response_not_found: 16,
  client_limited: 17,
  translation_loss: 18,
  cannot_take: 19,
  upstream_resolve: 20,
  upstream_connect: 21,
  upstream_tls: 22,
  upstream_connect_timeout: 23,
  upstream_first_byte_timeout: 24,
  upstream_idle_timeout: 25,
  upstream_total_timeout: 26,
  upstream_reset: 27,
  upstream_protocol: 28,
  upstream_head_too_large: 29,
  upstream_bad_type: 30,
  upstream_cut: 31,
  upstream_frame_too_large: 32,
  upstream_answer_too_large: 33,
  upstream_empty: 34,
  upstream_broken: 35,
  upstream_rate_limited: 36,
  upstream_exhausted: 37,
  upstream_credential_refused: 38,
  upstream_model_missing: 39,
  upstream_overloaded: 40,
  upstream_error: 41,
  upstream_context_overflow: 42,
  upstream_too_large: 43,
  upstream_rejected: 44,
  upstream_in_doubt: 45,
  upstream_model_in_doubt: 46,
  upstream_unpaid: 47,
  upstream_forbidden: 48,
  upstream_overflow_in_doubt: 49,
  upstream_redirect: 50,
  no_lane: 51,
  no_client_key: 52,
  config_unusable: 53,
  not_supported: 54,
  overloaded: 55,
  lanes_full: 56,
  internal: 57,
});

export const CloudflareWorker = Object.freeze({
  request_bytes_max: 16777216,
  upstreams_awaiting_head_max: 6,
  connecting_ip: 1,
  asks_for_places: 0,
});
