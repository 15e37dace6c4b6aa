#!/bin/sh
# ci-elbow.sh [DEVICE] - what a project's CI asks of elbow, without a GPU: are all devices' kernels right, does a short
# training end with the digest that it has everywhere, is a device slower or of other bits than before?
#
# Copy it together with elbow.digest. elbow-compare.json beside them is made once, on the kind of machine that runs the
# job, and is not needed:  elbow compare --warm --save elbow-compare.json
# The first line that fails ends the job.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

elbow selftest --device all

# Images that elbow makes itself: nothing is downloaded.
elbow train shapes --limit 2000 --binarise dynamic --epochs 3 --seed 0 --device "${1:-auto}" --quiet --out "$work/run" |
    tee "$work/result"
sed -n 's/.* sha256 //p' "$work/result" >"$work/digest"
diff "$here/elbow.digest" "$work/digest"

# Hosted runners differ from day to day: a device must be half as slow again to count.
if [ -e "$here/elbow-compare.json" ]; then
    elbow compare --warm --quiet --against "$here/elbow-compare.json" --margin "${ELBOW_CI_MARGIN:-50}"
fi
