# Install.cmake - what `cmake --install` puts where: command, library, headers, man page, and what lets other projects
# find them: elbow.pc for pkg-config, elbowConfig.cmake (target elbow::elbow) for find_package(elbow).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/elbow)

target_include_directories(elbow PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS elbow EXPORT elbow_targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.h)
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

if(TARGET elbow_command)
    # The installed command finds the library beside it, wherever the prefix is moved to.
    file(RELATIVE_PATH beside /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
    set_target_properties(elbow_command PROPERTIES INSTALL_RPATH "$ORIGIN/${beside}")
    install(TARGETS elbow_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(FILES ${PROJECT_SOURCE_DIR}/docs/elbow.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/completions/elbow.bash RENAME elbow
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)
endif()

# A static library's users link what it is made of; a shared one's need nothing, not even that it is installed.
set(pc_requires "")
set(pc_libs "")
set(package_finds "")
if(NOT BUILD_SHARED_LIBS)
    install(TARGETS elb_needs EXPORT elbow_targets)
    set(pc_requires zlib libpng libcjson)
    set(pc_libs m ${CMAKE_DL_LIBS})
    list(TRANSFORM pc_libs PREPEND -l)
    set(package_finds
        "find_dependency(ZLIB)" "find_dependency(PNG)" "find_dependency(PkgConfig)"
        "pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)")
    get_target_property(needs elb_needs INTERFACE_LINK_LIBRARIES)
    if("Threads::Threads" IN_LIST needs)
        list(APPEND pc_libs -pthread)
        list(APPEND package_finds "find_dependency(Threads)")
    endif()
    if(ELB_HAS_LAPACK)
        list(APPEND pc_libs ${ELB_LAPACKE})
    endif()
    if("JPEG::JPEG" IN_LIST needs)
        list(APPEND pc_requires libjpeg)
        list(APPEND package_finds "find_dependency(JPEG)")
    endif()
    if("PkgConfig::OPENBLAS" IN_LIST needs)
        list(APPEND pc_requires openblas)
        list(APPEND package_finds "pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)")
    endif()
    if("DNNL::dnnl" IN_LIST needs)
        list(APPEND pc_libs -ldnnl)
        list(APPEND package_finds "find_dependency(dnnl)")
    endif()
    if(ELB_CLBLAST_LIBRARY AND "${ELB_CLBLAST_LIBRARY}" IN_LIST needs)
        list(APPEND pc_libs -lclblast)
    endif()
endif()
list(JOIN pc_requires " " pc_requires)
list(JOIN pc_libs " " pc_libs)
list(JOIN package_finds "\n" package_finds)

file(RELATIVE_PATH pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/elbow.pc.in elbow.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/elbow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_package_config_file(cmake/elbowConfig.cmake.in elbowConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(elbowConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/elbowConfig.cmake ${PROJECT_BINARY_DIR}/elbowConfigVersion.cmake
    DESTINATION ${package_dir})
install(EXPORT elbow_targets NAMESPACE elbow:: FILE elbowTargets.cmake DESTINATION ${package_dir})
