#!/usr/bin/env bash
# A cluster over ssh: the coordinator here, the cores on the hosts of a file, until Ctrl-C.
#   cluster/ssh.sh HOSTFILE --redis URL --listen tcp://ADDRESS:PORT [--synfire PATH] [--dry-run] [-- OPTIONS OF THE COORDINATOR…]
# A line of HOSTFILE is "[user@]host [cores [address]]"; "#" begins a comment. Cores listen for each other's spikes at the
# address, by default the host itself, which then has to be a number: 10.0.0.2. Hosts reach Redis and the coordinator
# under the addresses given here. SYNFIRE_… variables of this shell are passed on. ssh must work without a password (BatchMode).
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage() { sed -n '2,8s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

hosts_file='' redis=${SYNFIRE_REDIS:-} endpoint='' remote=synfire dry=false extra=()
while [ $# -gt 0 ]; do
  case $1 in
    --redis | --listen | --synfire)
      [ $# -ge 2 ] || { say "$1 wants a value"; exit 2; }
      case $1 in --redis) redis=$2 ;; --listen) endpoint=$2 ;; --synfire) remote=$2 ;; esac
      shift 2
      ;;
    --dry-run) dry=true; shift ;;
    --) shift; extra=("$@"); break ;;
    -*) say "unknown option '$1'"; usage ;;
    *) [ -z "$hosts_file" ] || usage; hosts_file=$1; shift ;;
  esac
done
[ -n "$hosts_file" ] || usage
[ -r "$hosts_file" ] || CODE=3 fail "there is no file '$hosts_file'"
[[ $redis =~ ^(redis|sentinel)://. ]] || { say "--redis redis://HOST:PORT is missing: hosts cannot reach a Unix socket"; exit 2; }
[[ $endpoint =~ ^tcp://.+:[0-9]+$ ]] || { say "--listen tcp://ADDRESS:PORT is missing: an address that the hosts reach"; exit 2; }

hosts=() counts=() addresses=() total=0 line=0
while read -r host count address more || [ -n "$host" ]; do
  line=$((line + 1))
  case $host in '' | \#*) continue ;; esac
  case $count in '' | \#*) count=1 address='' more='' ;; esac
  case $address in '' | \#*) address=${host#*@} more='' ;; esac
  case $more in '' | \#*) ;; *) fail "$hosts_file:$line: '$more' is too much; a line is 'host [cores [address]]'" ;; esac
  [[ $host =~ ^[A-Za-z0-9_.@:-]+$ && $host != -* ]] || fail "$hosts_file:$line: '$host' is not a host"
  is_number "$count" 1 4096 || fail "$hosts_file:$line: '$count' is not a number of cores"
  [[ $address =~ ^[A-Za-z0-9_.:-]+$ ]] || fail "$hosts_file:$line: '$address' is not an address"
  hosts+=("$host")
  addresses+=("$address")
  counts+=("$count")
  total=$((total + count))
done <"$hosts_file"
[ "$total" -gt 0 ] || fail "$hosts_file names no host"

# The environment of the cores: every SYNFIRE_ variable but those that mean this machine.
passed=''
while IFS= read -r name; do
  case $name in SYNFIRE | SYNFIRE_STATE | SYNFIRE_SHARED | SYNFIRE_REDIS) continue ;; esac
  passed+="$name=$(printf '%q' "${!name}") "
done < <(compgen -e | grep '^SYNFIRE' | sort)

# core_command ADDRESS: what the remote shell runs.
core_command() {
  printf 'exec env %s%q core --coordinator %q --redis %q --spikes %q' \
    "$passed" "$remote" "$endpoint" "$redis" "tcp://$1:*"
}
coordinator=("$(find_synfire)" coordinator --redis "$redis" --listen "$endpoint" --cores "$total" "${extra[@]}")
# -tt gives the remote process a terminal, so that it ends with this connection.
ssh_command=(ssh -tt -o BatchMode=yes -o ServerAliveInterval=10 -o ServerAliveCountMax=3)

if $dry; then
  printf '%q ' "${coordinator[@]}"
  printf '\n'
  for i in "${!hosts[@]}"; do
    command=$(core_command "${addresses[i]}")
    for ((n = 0; n < counts[i]; n++)); do printf '%s %s %q\n' "${ssh_command[*]}" "${hosts[i]}" "$command"; done
  done
  exit 0
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/synfire-ssh.XXXXXX")
# shellcheck disable=SC2317 # the trap calls it
end() {
  trap - EXIT INT TERM
  for file in "$folder"/coordinator.pid "$folder"/core-*.pid; do
    if [ -e "$file" ]; then stop_process "$file" 10; fi
  done
  say "ended; logs are in $folder"
}
trap end EXIT
trap 'exit 130' INT TERM

start_process "$folder" coordinator "${coordinator[@]}"
core=0
for i in "${!hosts[@]}"; do
  command=$(core_command "${addresses[i]}")
  for ((n = 0; n < counts[i]; n++)); do
    start_process "$folder" "core-$core" "${ssh_command[@]}" "${hosts[i]}" "$command"
    core=$((core + 1))
  done
done
say "coordinator here and $total cores on ${#hosts[@]} hosts run; logs are in $folder; Ctrl-C ends all"
while is_alive "$folder/coordinator.pid"; do sleep 1; done
fail "the coordinator has ended; its last lines: $(tail -n 5 "$folder/coordinator.log")"
