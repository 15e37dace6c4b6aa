# Features.cmake - what is used when it is there. ELBOW_<FEATURE>=ON uses it if it is found, OFF never.
#
# A feature that is missing is another file, not an #ifdef: of opencl.c and opencl_none.c, and of each pair like them,
# elb_choose_files keeps one.

set(elb_absent "")  # expressions of files that are left out unless they end in _none.c
set(elb_present "") # expressions of files of which those that end in _none.c are left out

# Says what was found. files: an expression for the feature's files, both kinds, without .c.
function(elb_feature feature found files sentence)
    if(NOT ELBOW_${feature})
        message(STATUS "${feature}: off")
    elseif(found)
        message(STATUS "${feature}: found: ${sentence}")
    else()
        message(STATUS "${feature}: not found: the build goes without it")
    endif()
    if(ELBOW_${feature} AND found)
        set(elb_present ${elb_present} "${files}" PARENT_SCOPE)
        set(ELB_HAS_${feature} ON PARENT_SCOPE)
    else()
        set(elb_absent ${elb_absent} "${files}" PARENT_SCOPE)
    endif()
endfunction()

# Takes the files that the build leaves out from a list.
function(elb_choose_files list)
    set(kept "")
    foreach(file ${${list}})
        if(file MATCHES "_none\\.c$")
            set(unwanted ${elb_present})
        else()
            set(unwanted ${elb_absent})
        endif()
        foreach(expression ${unwanted})
            if(file MATCHES "${expression}\\.c$")
                set(file "")
            endif()
        endforeach()
        list(APPEND kept ${file})
    endforeach()
    set(${list} ${kept} PARENT_SCOPE)
endfunction()

option(ELBOW_OPENCL "OpenCL devices; the driver's library is looked for at run time" ON)
option(ELBOW_CLBLAST "CLBlast for fast maths" ON)
option(ELBOW_OPENBLAS "OpenBLAS for fast maths" ON)
option(ELBOW_ONEDNN "oneDNN for fast maths" ON)
option(ELBOW_JPEG "JPEG images as data, by libjpeg" ON)
option(ELBOW_LAPACK "LAPACK for eigenvalues" ON)

if(ELBOW_OPENCL)
    find_path(ELB_OPENCL_HEADERS CL/cl.h)
endif()
elb_feature(OPENCL "${ELB_OPENCL_HEADERS}" "/device/opencl[a-z_]*"
    "the drivers are looked for at run time")
if(ELB_HAS_OPENCL)
    target_include_directories(elb_needs SYSTEM INTERFACE ${ELB_OPENCL_HEADERS})
    target_compile_definitions(elb_needs INTERFACE CL_TARGET_OPENCL_VERSION=120)
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(elb_needs INTERFACE Threads::Threads)

# The libraries of fast maths: their headers now, they themselves at run time and only for who asks for fast maths.
if(ELBOW_CLBLAST)
    find_path(ELB_CLBLAST_HEADERS clblast_c.h)
endif()
set(found OFF)
if(ELB_CLBLAST_HEADERS AND ELB_HAS_OPENCL)
    set(found ON)
endif()
elb_feature(CLBLAST "${found}" "/math/gemm_clblast[a-z_]*" "${ELB_CLBLAST_HEADERS}")

if(ELBOW_OPENBLAS)
    pkg_check_modules(OPENBLAS QUIET openblas)
    find_path(ELB_OPENBLAS_HEADERS cblas.h HINTS ${OPENBLAS_INCLUDE_DIRS} NO_DEFAULT_PATH)
endif()
elb_feature(OPENBLAS "${ELB_OPENBLAS_HEADERS}" "/math/gemm_openblas[a-z_]*" "${OPENBLAS_VERSION}")

if(ELBOW_ONEDNN)
    find_path(ELB_ONEDNN_HEADERS dnnl.h)
endif()
elb_feature(ONEDNN "${ELB_ONEDNN_HEADERS}" "/math/gemm_onednn[a-z_]*" "${ELB_ONEDNN_HEADERS}")

if(ELBOW_LAPACK)
    find_path(ELB_LAPACKE_HEADERS lapacke.h PATH_SUFFIXES lapacke)
    find_library(ELB_LAPACKE NAMES lapacke openblas)
endif()
set(found OFF)
if(ELB_LAPACKE_HEADERS AND ELB_LAPACKE)
    set(found ON)
endif()
elb_feature(LAPACK "${found}" "/theory/eigen_lapack[a-z_]*" "${ELB_LAPACKE}")
if(ELB_HAS_LAPACK)
    target_include_directories(elb_needs SYSTEM INTERFACE ${ELB_LAPACKE_HEADERS})
    target_link_libraries(elb_needs INTERFACE ${ELB_LAPACKE})
endif()

foreach(feature CLBLAST OPENBLAS ONEDNN)
    if(ELB_HAS_${feature})
        target_include_directories(elb_needs SYSTEM INTERFACE ${ELB_${feature}_HEADERS})
    endif()
endforeach()

if(ELBOW_JPEG)
    find_package(JPEG QUIET)
endif()
elb_feature(JPEG "${JPEG_FOUND}" "/io/jpeg_image[a-z_]*" "${JPEG_LIBRARIES}")
if(ELB_HAS_JPEG)
    target_link_libraries(elb_needs INTERFACE JPEG::JPEG)
endif()
