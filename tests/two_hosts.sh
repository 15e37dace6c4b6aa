#!/bin/sh
# two_hosts.sh COMMAND... - runs COMMAND on the host "near", beside which mpirun finds the host "far": each a network
# namespace with a host's name, joined by nothing but a pair of virtual Ethernet devices. Then says how many bytes came
# over it. To be started in namespaces of its own, as tests/ranks.py does; they end with it, and leave nothing behind.
set -eu

case $1 in
--far) # PID HOST COMMAND...: what mpirun starts there
    far=$2
    shift 3
    exec nsenter --target "$far" --net --uts sh -c "$*"
    ;;
--join) # NAME ADDRESS
    hostname "$2"
    ip address add "$3/24" dev wire
    ip link set lo up
    exec ip link set wire up
    ;;
esac

unshare --net --uts sleep 600 &
far=$!
trap 'kill "$far" ${command:+"$command"} 2>&- || true' EXIT
trap 'exit 1' INT TERM
until [ "$(readlink "/proc/$far/ns/uts")" != "$(readlink "/proc/$$/ns/uts")" ]; do sleep 0.02; done
ip link add wire type veth peer name wire netns "$far"
sh "$0" --join near 10.0.0.1
nsenter --target "$far" --net --uts sh "$0" --join far 10.0.0.2

OMPI_MCA_plm_rsh_agent="sh $(realpath "$0") --far $far"
export OMPI_MCA_plm_rsh_agent
status=0
"$@" &
command=$!
wait "$command" || status=$?
sed -n 's/^ *wire: *\([0-9]*\).*/two_hosts.sh: \1 bytes/p' /proc/self/net/dev >&2
exit "$status"
