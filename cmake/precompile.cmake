# Headers that are compiled once a target: reading the standard library, or Catch2, is half of what a file takes to
# compile. With the standard library's (SIGNALBOX_PRECOMPILE) a file compiles that forgot an include: the native build
# goes without, so that each file is also read with its own includes alone.
set(SIGNALBOX_STANDARD_HEADERS <algorithm> <array> <charconv> <cstddef> <cstdint> <cstring> <functional> <map> <memory>
    <optional> <set> <span> <string> <string_view> <utility> <variant> <vector>)

function(signalbox_precompile target)  # HEADER...
  target_precompile_headers(${target} PRIVATE ${ARGN})
  # What ccache asks for before it keeps anything that was compiled with a precompiled header.
  if(CCACHE)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE}")
  endif()
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess> "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()
