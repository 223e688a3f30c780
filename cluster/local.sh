#!/usr/bin/env bash
# A cluster on this machine as plain background processes, each with a log and a pid file.
#   cluster/local.sh start [--cores N] [--redis URL] [--dir FOLDER] [-- OPTIONS OF THE COORDINATOR…]
#   cluster/local.sh status|stop [--dir FOLDER]
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage() { sed -n '2,4s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

action=${1:-}
[ $# -eq 0 ] || shift
cores=2 redis=${SYNFIRE_REDIS:-} folder=${SYNFIRE_STATE:-${XDG_RUNTIME_DIR:-/tmp}/synfire-local-$(id -u)} extra=()
while [ $# -gt 0 ]; do
  case $1 in
    --cores | --redis | --dir)
      [ $# -ge 2 ] || { say "$1 wants a value"; exit 2; }
      case $1 in --cores) cores=$2 ;; --redis) redis=$2 ;; --dir) folder=$2 ;; esac
      shift 2
      ;;
    --) shift; extra=("$@"); break ;;
    *) say "unknown option '$1'"; usage ;;
  esac
done
is_number "$cores" 1 4096 || { say "--cores: '$cores' is not a number of cores"; exit 2; }

start_redis() {
  command -v redis-server >/dev/null || fail "redis-server is not installed; run scripts/setup, or give --redis URL"
  # What is committed must survive: no eviction, and an append-only file that is written before the answer.
  start_process "$folder" redis redis-server --port 0 --unixsocket "$folder/redis.sock" --unixsocketperm 700 \
    --dir "$folder" --appendonly yes --appendfsync always --maxmemory-policy noeviction --save '' --daemonize no
  wait_for 10 "redis" redis-cli -s "$folder/redis.sock" ping
}

case $action in
  start)
    synfire=$(find_synfire)
    mkdir -p "$folder"
    chmod 700 "$folder"
    folder=$(cd "$folder" && pwd)
    if [ -z "$redis" ]; then
      start_redis
      redis=unix://$folder/redis.sock
    fi
    endpoint=ipc://$folder/control.sock
    export SYNFIRE_STATE=$folder
    start_process "$folder" coordinator "$synfire" coordinator --redis "$redis" --listen "$endpoint" \
      --cores "$cores" "${extra[@]}"
    for ((core = 0; core < cores; core++)); do
      start_process "$folder" "core-$core" "$synfire" core --coordinator "$endpoint" --redis "$redis"
    done
    say "coordinator and $cores cores run; logs are in $folder"
    say "ask with: SYNFIRE_STATE=$folder $synfire status"
    ;;
  status)
    found=false
    for file in "$folder"/*.pid; do
      [ -e "$file" ] || continue
      found=true
      if is_alive "$file"; then state=runs; else state=ended; fi
      printf '%-14s %-6s pid %s\n' "$(basename "$file" .pid)" "$state" "$(cut -d ' ' -f 1 "$file")"
    done
    $found || CODE=3 fail "nothing was started in $folder"
    ;;
  stop)
    # The coordinator first: it must not take cores that are ended for cores that failed. Redis last: it takes the last writes.
    for file in "$folder"/{coordinator,core-*,redis}.pid; do
      if [ -e "$file" ]; then stop_process "$file" 10; fi
    done
    ;;
  *) usage ;;
esac
