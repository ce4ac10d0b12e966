find_program(CCACHE ccache)
if(CCACHE)
    # Paths relative to the checkout, so that two checkouts share one cache; and precompiled headers
    # need their time macros waved through to be cached at all.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
