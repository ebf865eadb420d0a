#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Make this host a node of a cluster: `node.sh 3.12.3 sweep-0.1.0-py3-none-any.whl` checks that Python is 3.12.3, puts the
# package from that wheel, beside this script, into ./venv with the versions of ./constraints.txt, and has every login
# read ./environment.sh.  What is done already is not done again.  cluster.yaml and cluster.local.yaml run it.
#
# Ray joins only nodes of one Python, to the patch version, and says so late and obscurely; this says it at once.
#
# A venv that is there and that this script did not make (an image, a shared disk) is checked and used as it is.
# Without a way to a package index, put all wheels into ./wheels; see docs/clusters.md.
set -euo pipefail

refuse() {
    printf '%s\n' "$(hostname): $1" "  next: $2" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
[[ $# == 2 && $1 =~ ^3\.[0-9]+\.[0-9]+$ ]] ||
    refuse "node.sh takes a Python version and a wheel, not \"$*\"" "node.sh 3.12.3 sweep-0.1.0-py3-none-any.whl"
wanted=$1 wheel=$here/$2 venv=$here/venv
[[ -f $wheel ]] || refuse "\"$2\" is not in $here" "make wheel, name it under file_mounts, then ray up again"
made=$venv/made-by-node.sh # digests of what is installed

version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || true; }

digests=$(sha256sum "$wheel" "$here/constraints.txt")

if [[ ! -x $venv/bin/python ]]; then
    python=
    for name in "python${wanted%.*}" python3; do
        [[ $(version "$name") == "$wanted" ]] && python=$name && break
    done
    [[ $python ]] || refuse "python3 is \"$(version python3)\", the cluster's Python is $wanted" \
        "give all nodes one Python (the same image), and name its version in the cluster file's setup_commands"
    rm -rf "$venv"
    "$python" -m venv "$venv" || refuse "Python has no venv module" "on Debian and Ubuntu: sudo apt-get install python3-venv"
    echo nothing >"$made"
fi

[[ $(version "$venv/bin/python") == "$wanted" ]] ||
    refuse "$venv has Python \"$(version "$venv/bin/python")\", the cluster's Python is $wanted" \
        "remove $venv, or name its version in the cluster file's setup_commands"

if [[ -f $made && $(<"$made") != "$digests" ]]; then
    index=()
    [[ -d $here/wheels ]] && index=(--no-index --find-links "$here/wheels")
    # --force-reinstall without dependencies: a wheel made anew from changed sources has the old version number.
    "$venv/bin/python" -m pip --disable-pip-version-check install -q "${index[@]}" \
        -c "$here/constraints.txt" "$wheel[cluster]"
    "$venv/bin/python" -m pip --disable-pip-version-check install -q --no-deps --force-reinstall "$wheel"
    echo "$digests" >"$made"
fi

why=$("$venv/bin/python" -c 'import ray, sweep' 2>&1) ||
    refuse "$venv does not work: ${why##*$'\n'}" "remove $venv, so that it is made anew"

line=". $here/environment.sh"
grep -qxF "$line" ~/.bashrc 2>/dev/null || printf '%s\n' "$line" >>~/.bashrc
