# Catch2 in every file would be half of what a test takes to compile: here it is compiled once a target.
function(signalbox_precompile_catch2 target)
  target_precompile_headers(${target} PRIVATE <catch2/catch.hpp>)
  # It has Catch2's own code as well.
  set_source_files_properties(main.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  # What ccache asks for before it keeps anything that was compiled with a precompiled header.
  if(CCACHE)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE}")
  endif()
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()
