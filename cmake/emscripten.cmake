# Toolchain: Debian's Emscripten 3.1.6, as a bare wasm module without JavaScript around it.
# EM_CACHE is left alone: Debian ships the system libraries prebuilt and its cache is frozen.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(SIGNALBOX_WASM emscripten)

set(CMAKE_C_COMPILER emcc)
set(CMAKE_CXX_COMPILER em++)
set(CMAKE_AR emar CACHE FILEPATH "")
set(CMAKE_RANLIB emranlib CACHE FILEPATH "")
# em++ is a script around clang; ccache does not see through it.
set(CCACHE "" CACHE FILEPATH "" FORCE)

# -fno-exceptions also at link, where it chooses the library variants. Output that ends in .wasm needs
# none of the JavaScript tools that Debian's node would have to bring.
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "--no-entry -sSTANDALONE_WASM=1 -sALLOW_MEMORY_GROWTH=1 -sFILESYSTEM=0 -sTOTAL_STACK=1048576 -fno-exceptions -fno-rtti")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
