// The component's one export: a request and the right to answer it.
#include "instance.h"
#include "performer.h"

extern "C" __attribute__((export_name("wasi:http/incoming-handler@0.2.0#handle"))) void handle(int32_t request,
                                                                                               int32_t outparam) {
  using namespace signalbox::wasi;
  Performer(Instance::get(), request, outparam).serve();
}
