#!/bin/sh
# sh examples/cluster/hostfile-run.sh --recipe tiny/books …: ranks on the machines of `hosts`, which see this folder at the same
# place and let each other in by ssh without a password.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../apps/trainer"
# A stop (Ctrl-C) leaves ranks a minute to save, in place of a second.
exec mpirun --hostfile "$here/hosts" --bind-to none --mca odls_base_sigkill_timeout 60 -x PATH \
  node --conditions=source --import tsx src/main.ts "$@"
