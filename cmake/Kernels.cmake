# Kernels.cmake - the kernels of a folder as C: bind's files, and the native device's sets.
#
#     elb_kernels(NAME <name> FOLDER <folder with *.cl> OUT <folder>)
#
# makes the object libraries <name>_<isa>, one for each instruction set, <name>_float64 for tests, and <name>, which
# holds the descriptors and the list of sets. Their objects go into a library or a test with
# $<TARGET_OBJECTS:...>; <name>_OBJECTS lists all of them but float64.

# ---- instruction sets, best first: name, flags, and the shape of the kernels (the only place that says it) ----

set(ELB_BLOCK 1024)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(ELB_OTHER_CPU any)
    set(ELB_SETS avx512 avx2 baseline)
    set(ELB_FLAGS_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mprefer-vector-width=512)
    set(ELB_SHAPE_avx512 WIDTH=16 TILE_ROWS=8 TILE_VECTORS=2)
    set(ELB_FLAGS_avx2 -mavx2 -mfma)
    set(ELB_SHAPE_avx2 WIDTH=8 TILE_ROWS=6 TILE_VECTORS=2)
    set(ELB_FLAGS_baseline -msse2)
    set(ELB_SHAPE_baseline WIDTH=4 TILE_ROWS=4 TILE_VECTORS=2)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(ELB_OTHER_CPU x86)
    set(ELB_SETS neon)
    set(ELB_FLAGS_neon)
    set(ELB_SHAPE_neon WIDTH=4 TILE_ROWS=8 TILE_VECTORS=2)
else()
    set(ELB_OTHER_CPU x86)
    set(ELB_SETS baseline)
    set(ELB_FLAGS_baseline)
    set(ELB_SHAPE_baseline WIDTH=4 TILE_ROWS=4 TILE_VECTORS=2)
endif()
set(ELB_FLAGS_float64)
set(ELB_SHAPE_float64 WIDTH=4 TILE_ROWS=4 TILE_VECTORS=2 ELB_FLOAT64)

list(APPEND elb_absent "/device/cpu_${ELB_OTHER_CPU}")

# No flag may change a bit: no contraction, no fast maths (docs/bits.md).
set(ELB_NATIVE_FLAGS -O3 -ffp-contract=off -fno-fast-math -fno-math-errno -Wall -Wextra -Wno-psabi
    -Wno-unused-function)
if(ELBOW_SANITIZE)
    # Each access is checked: unrolled they compile for minutes, and so they do where GCC asks what points to what.
    list(TRANSFORM ELB_NATIVE_FLAGS REPLACE "^-O3$" "-O1")
    if(CMAKE_C_COMPILER_ID STREQUAL GNU)
        list(APPEND ELB_NATIVE_FLAGS -fno-tree-pta)
    endif()
endif()

add_executable(bind tools/bind.c tools/bind/parse.c tools/bind/read.c tools/bind/write.c tools/bind/write_header.c
    tools/bind/write_native.c tools/bind/write_opencl.c host/base/base.c)
target_include_directories(bind PRIVATE include host tools/bind)
target_link_libraries(bind PRIVATE elb_warnings)

function(elb_set_library name isa headers)
    add_library(${name} OBJECT ${ARGN})
    target_compile_definitions(${name} PRIVATE ELB_ISA=${isa} GROUP=1 BLOCK=${ELB_BLOCK} ${ELB_SHAPE_${isa}})
    # -iquote: cl/math.h must not stand in the way of <math.h>.
    target_compile_options(${name} PRIVATE "SHELL:-iquote ${headers}" ${ELB_NATIVE_FLAGS} ${ELB_FLAGS_${isa}})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/host)
endfunction()

function(elb_kernels)
    cmake_parse_arguments(K "" "NAME;FOLDER;OUT" "" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${K_FOLDER}/*.cl)
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cl/*.h)
    file(MAKE_DIRECTORY ${K_OUT})
    set(natives ${K_OUT}/native_table.c)
    foreach(source ${sources})
        get_filename_component(stem ${source} NAME_WE)
        list(APPEND natives ${K_OUT}/native_${stem}.c)
    endforeach()
    # bind leaves alone what would not change; the stamp says when it ran.
    add_custom_command(OUTPUT ${K_OUT}/bind.stamp
        BYPRODUCTS ${natives} ${K_OUT}/elb_kernels.h ${K_OUT}/elb_kernels.c
        COMMAND bind ${K_OUT} ${PROJECT_SOURCE_DIR}/cl ${sources}
        COMMAND ${CMAKE_COMMAND} -E touch ${K_OUT}/bind.stamp
        DEPENDS bind ${sources} ${headers} VERBATIM
        COMMENT "Binding the kernels of ${K_FOLDER}")
    add_custom_target(${K_NAME}_bound DEPENDS ${K_OUT}/bind.stamp)
    set_source_files_properties(${natives} ${K_OUT}/elb_kernels.c PROPERTIES GENERATED ON)

    set(externs "")
    set(entries "")
    set(objects "")
    foreach(isa ${ELB_SETS} float64)
        elb_set_library(${K_NAME}_${isa} ${isa} ${PROJECT_SOURCE_DIR}/cl ${natives})
        add_dependencies(${K_NAME}_${isa} ${K_NAME}_bound)
        if(NOT isa STREQUAL float64)
            string(APPEND externs "extern const elb_native_set elb_native_${isa};\n")
            string(APPEND entries "&elb_native_${isa}, ")
            list(APPEND objects $<TARGET_OBJECTS:${K_NAME}_${isa}>)
        endif()
    endforeach()
    file(CONFIGURE OUTPUT ${K_OUT}/native_sets.c @ONLY CONTENT
"/* native_sets.c - written by cmake/Kernels.cmake: the instruction sets of this build, best first. */
#include \"device/native.h\"

@externs@
const elb_native_set *const elb_native_sets[] = {@entries@NULL};
")
    add_library(${K_NAME} OBJECT ${K_OUT}/elb_kernels.c ${K_OUT}/native_sets.c)
    add_dependencies(${K_NAME} ${K_NAME}_bound)
    target_compile_options(${K_NAME} PRIVATE -Wno-overlength-strings)
    target_include_directories(${K_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/host ${K_OUT})
    set(${K_NAME}_OBJECTS $<TARGET_OBJECTS:${K_NAME}> ${objects} PARENT_SCOPE)
endfunction()
