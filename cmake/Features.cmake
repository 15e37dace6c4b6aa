# Features.cmake - what is used when it is there. ELBOW_<FEATURE>=ON uses it if it is found, OFF never.
#
# A feature that is missing is another file, not an #ifdef: of opencl.c and opencl_none.c, and of each pair like them,
# elb_choose_files keeps one.

set(elb_absent "") # expressions of files that the build leaves out

# Says what was found, and leaves out the one or the other kind of files.
function(elb_feature feature found files none_files sentence)
    if(NOT ELBOW_${feature})
        message(STATUS "${feature}: off")
    elseif(found)
        message(STATUS "${feature}: found: ${sentence}")
    else()
        message(STATUS "${feature}: not found: the build goes without it")
    endif()
    if(ELBOW_${feature} AND found)
        list(APPEND elb_absent "${none_files}")
        set(ELB_HAS_${feature} ON PARENT_SCOPE)
    else()
        list(APPEND elb_absent "${files}")
    endif()
    set(elb_absent "${elb_absent}" PARENT_SCOPE)
endfunction()

# Takes the files that the build leaves out from the list.
macro(elb_choose_files list)
    foreach(expression ${elb_absent})
        list(FILTER ${list} EXCLUDE REGEX "${expression}")
    endforeach()
    if(NOT ELB_HAS_OPENCL)
        list(APPEND ${list} ${PROJECT_SOURCE_DIR}/host/device/opencl_none.c)
    endif()
endmacro()

option(ELBOW_OPENCL "OpenCL devices; the driver's library is looked for at run time" ON)
option(ELBOW_OPENMP "Threads on the native device" ON)
option(ELBOW_CLBLAST "CLBlast for fast maths" ON)
option(ELBOW_OPENBLAS "OpenBLAS for fast maths" ON)
option(ELBOW_ONEDNN "oneDNN for fast maths" ON)

if(ELBOW_OPENCL)
    find_path(ELB_OPENCL_HEADERS CL/cl.h)
endif()
elb_feature(OPENCL "${ELB_OPENCL_HEADERS}" "/device/(opencl[a-z_]*|program)\\.c$" "/device/opencl_none\\.c$"
    "the drivers are looked for at run time")
if(ELB_HAS_OPENCL)
    target_include_directories(elb_needs SYSTEM INTERFACE ${ELB_OPENCL_HEADERS})
    target_compile_definitions(elb_needs INTERFACE CL_TARGET_OPENCL_VERSION=120)
endif()

if(ELBOW_OPENMP)
    find_package(OpenMP COMPONENTS C QUIET)
endif()
elb_feature(OPENMP "${OpenMP_C_FOUND}" "/threads_openmp\\.c$" "/threads_none\\.c$" "${OpenMP_C_FLAGS}")
if(ELB_HAS_OPENMP)
    target_link_libraries(elb_needs INTERFACE OpenMP::OpenMP_C)
endif()

if(ELBOW_CLBLAST)
    find_path(ELB_CLBLAST_HEADERS clblast_c.h)
    find_library(ELB_CLBLAST_LIBRARY clblast)
endif()
if(ELB_CLBLAST_HEADERS AND ELB_CLBLAST_LIBRARY AND ELB_HAS_OPENCL)
    set(found ON)
endif()
elb_feature(CLBLAST "${found}" "/gemm_clblast\\.c$" "/gemm_clblast_none\\.c$" "${ELB_CLBLAST_LIBRARY}")

if(ELBOW_OPENBLAS)
    pkg_check_modules(OPENBLAS IMPORTED_TARGET QUIET openblas)
endif()
elb_feature(OPENBLAS "${OPENBLAS_FOUND}" "/gemm_openblas\\.c$" "/gemm_openblas_none\\.c$" "${OPENBLAS_VERSION}")

if(ELBOW_ONEDNN)
    find_package(dnnl QUIET)
endif()
elb_feature(ONEDNN "${dnnl_FOUND}" "/gemm_onednn\\.c$" "/gemm_onednn_none\\.c$" "${dnnl_VERSION}")

# A library is linked only once there is a file that calls it.
function(elb_use feature target)
    string(TOLOWER ${feature} name)
    if(ELB_HAS_${feature} AND EXISTS ${PROJECT_SOURCE_DIR}/host/math/gemm_${name}.c)
        target_link_libraries(elb_needs INTERFACE ${target})
    endif()
endfunction()
elb_use(CLBLAST "${ELB_CLBLAST_LIBRARY}")
elb_use(OPENBLAS PkgConfig::OPENBLAS)
elb_use(ONEDNN DNNL::dnnl)
