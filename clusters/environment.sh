# SPDX-License-Identifier: MIT
# The environment of every node, head and workers alike: read before `ray start`, and by every login (node.sh sees to
# that), so that `ray exec`, `sweep run` and Ray's jobs have it too.  Sourced by bash; keep it free of output, unless it
# fails.
export PATH="$HOME/sweep/venv/bin:$PATH"

# Nobody takes part without the token in ~/.ray/auth_token.  Ray 2.60's `ray start` asks for it only if told to, and
# whoever reaches an open dashboard runs commands on every node.
export RAY_AUTH_MODE=token

# Ray opens its temporary folder to all users of a node, and runs jobs from it: it gets one inside a folder that nobody
# else may enter.  On this node's own disk, and short, because sockets are in it.
export RAY_TMPDIR=/tmp/sweep-node-$UID
mkdir -m 700 "$RAY_TMPDIR" 2>/dev/null || true
if [[ ! -d $RAY_TMPDIR || -L $RAY_TMPDIR || ! -O $RAY_TMPDIR ]] || ! chmod 700 "$RAY_TMPDIR"; then
    printf '%s\n' "$(hostname): \"$RAY_TMPDIR\" is not a folder of $(id -un), who cannot run Ray here" \
        "  next: remove it, or name another in environment.sh" >&2
    return 1
fi

export RAY_USAGE_STATS_ENABLED=0  # nothing is reported to Ray's makers
export RAY_task_oom_retries=0     # Ray's default is to retry without end; what ran out of memory is sweep's to retry

# A node that falls silent (a cut link, a machine that hangs) is given up after 16 s, (period + timeout) * threshold; with
# Ray's defaults it takes 65 s, and the work on it waits for that.  Read on the head.
export RAY_health_check_period_ms=1000 RAY_health_check_timeout_ms=3000 RAY_health_check_failure_threshold=4

# A lane is sequential and workers fill the cores; libraries that start threads of their own would crowd them.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Compiled kernels are kept in ~/.cache/sweep, for each kind of processor; a home directory that nodes share (NFS) will
# do.  Another directory must belong to this user alone:
#   export SWEEP_CACHE_DIR=/local/$USER/sweep
