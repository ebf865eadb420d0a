#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# End this machine once Ray has not run on it for ten minutes.  A cluster whose head is lost has nobody else to end its
# workers, and they cost until somebody looks.  For machines that are terminated when they shut down (cluster.yaml says
# InstanceInitiatedShutdownBehavior); not for hosts you own.
set -euo pipefail
exec 9>"${XDG_RUNTIME_DIR:-$HOME}/.sweep-lonely.lock" # where nobody else can put a link
flock -n 9 || exit 0 # one is enough

lonely=0
while sleep 60; do
    if pgrep -x raylet >/dev/null; then
        lonely=0
    elif ((++lonely >= 10)); then
        sudo shutdown -h now
    fi
done
