# Toolchain: wasm32-wasi with Debian's clang 22 (clang-22 lld-22 libc++-22-dev-wasm32 libc++abi-22-dev-wasm32
# libclang-rt-22-dev-wasm32 wasi-libc), or with a WASI SDK where the environment variable WASI_SDK_PATH or
# -DWASI_SDK_PATH= names one. Modules are reactors: no main, an _initialize that is called once.
set(CMAKE_SYSTEM_NAME Generic)  # this CMake knows no WASI
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(SIGNALBOX_WASM ON)

set(WASI_SDK_PATH "$ENV{WASI_SDK_PATH}" CACHE PATH "A WASI SDK; empty: Debian's clang")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASI_SDK_PATH)

if(WASI_SDK_PATH)
  if(NOT EXISTS "${WASI_SDK_PATH}/bin/clang++" OR NOT EXISTS "${WASI_SDK_PATH}/share/wasi-sysroot")
    message(FATAL_ERROR "WASI_SDK_PATH=${WASI_SDK_PATH} is no WASI SDK: bin/clang++ and share/wasi-sysroot are looked for there")
  endif()
  set(triple wasm32-wasip1)  # since SDK 22, and the only name since wasm32-wasi has gone
  set(CMAKE_C_COMPILER "${WASI_SDK_PATH}/bin/clang")
  set(CMAKE_CXX_COMPILER "${WASI_SDK_PATH}/bin/clang++")
  set(CMAKE_AR "${WASI_SDK_PATH}/bin/llvm-ar" CACHE FILEPATH "")
  set(CMAKE_RANLIB "${WASI_SDK_PATH}/bin/llvm-ranlib" CACHE FILEPATH "")
  set(CMAKE_SYSROOT "${WASI_SDK_PATH}/share/wasi-sysroot")
else()
  set(triple wasm32-wasi)  # Debian's wasi-libc is laid out for it; newer clangs call the name deprecated
  set(CMAKE_C_COMPILER clang-22)
  set(CMAKE_CXX_COMPILER clang++-22)
  # GNU ar writes no index for wasm objects, which the linker does not mind.
  find_program(CMAKE_AR NAMES llvm-ar-22 llvm-ar ar)
  find_program(CMAKE_RANLIB NAMES llvm-ranlib-22 llvm-ranlib ranlib)
endif()
set(CMAKE_C_COMPILER_TARGET ${triple})
set(CMAKE_CXX_COMPILER_TARGET ${triple})
set(CMAKE_C_FLAGS_INIT "-Wno-deprecated")
set(CMAKE_CXX_FLAGS_INIT "-Wno-deprecated")

# The default stack of 64 KiB is less than one buffer; --stack-first turns an overflow into a trap instead
# of overwritten data. wasm-opt would run by itself wherever it happens to be installed: not here, so that
# the same sources give the same module.
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-mexec-model=reactor --no-wasm-opt -Wl,-z,stack-size=1048576 -Wl,--stack-first -Wl,--strip-debug")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
