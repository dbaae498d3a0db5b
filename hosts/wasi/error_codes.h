// What wasi:http's error codes mean here.
#pragma once

#include "signalbox/fault.h"

namespace signalbox::wasi {

// Before there is an answer.
FaultKind fault_of_opening(int error_code);
// While an answer's body is read.
FaultKind fault_of_reading(int error_code);
// While the client's body is read: FaultKind::client_gone when the host says that it is the connection that ended.
FaultKind fault_of_client(int error_code);

}  // namespace signalbox::wasi
