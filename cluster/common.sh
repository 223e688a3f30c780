# Sourced by the launch scripts: where synfire is, what a cluster's folder holds, how one process is started and ended.
# shellcheck shell=bash

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$*"; exit "${CODE:-1}"; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The program: $SYNFIRE, the one that was built here, or the one in PATH.
find_synfire() {
  if [ -n "${SYNFIRE:-}" ]; then printf '%s\n' "$SYNFIRE"
  elif [ -x "$root/.build/release/synfire" ]; then printf '%s\n' "$root/.build/release/synfire"
  else command -v synfire || fail "there is no synfire; run 'make build', or set SYNFIRE to its path"
  fi
}

# start_process FOLDER NAME COMMAND…: in the background, with FOLDER/NAME.log and FOLDER/NAME.pid.
start_process() {
  local folder=$1 name=$2
  shift 2
  if is_alive "$folder/$name.pid"; then fail "$name already runs; end it with: ${0##*/} stop"; fi
  setsid "$@" >>"$folder/$name.log" 2>&1 </dev/null &
  local pid=$!
  # The start time tells this process from a later one that gets the same number.
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$folder/$name.pid"
}

# The moment a process was started, in clock ticks since the machine was: field 22 of its stat, counted after the name.
start_time() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# is_alive FILE: whether the process that the pid file names still is the one that was started.
is_alive() {
  local pid started
  [ -r "$1" ] && read -r pid started <"$1" || return 1
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && [ "$(process_state "$pid")" != Z ]
}

process_state() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 1; }

# stop_process FILE SECONDS: asks the process to end, and ends it by force when it has not in time.
stop_process() {
  local file=$1 limit=$2 pid tenth
  if is_alive "$file"; then
    read -r pid _ <"$file"
    kill -TERM "$pid" 2>/dev/null || true
    for ((tenth = 0; tenth < limit * 10; tenth++)); do
      is_alive "$file" || break
      sleep 0.1
    done
    if is_alive "$file"; then
      say "$(basename "$file" .pid) did not end in $limit s; it is killed"
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$file"
}

# wait_for SECONDS WHAT COMMAND…: until the command succeeds.
wait_for() {
  local limit=$1 what=$2 tenth
  shift 2
  for ((tenth = 0; tenth < limit * 10; tenth++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  CODE=124 fail "$what did not come up in $limit s"
}

# is_number TEXT LEAST MOST
is_number() { [[ $1 =~ ^[0-9]{1,6}$ ]] && (($1 >= $2 && $1 <= $3)); }
