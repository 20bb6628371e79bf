#!/bin/sh
# Runs a command beside a real S3 server, for the tests that need one:
#
#   test/extended/s3.sh npx vitest run test/adapters/objects.test.ts
#
# The server is OpenStack Swift with its s3api from Debian's packages, which this installs when they are missing (as root).
# It lies in a directory of its own, listens on free ports of 127.0.0.1, checks signatures (SigV4), and is gone with the
# command. No service of the machine is started or changed.
set -eu

if ! command -v swift-proxy-server >/dev/null; then
  echo 'Installing OpenStack Swift from Debian…' >&2
  apt-get update >&2
  # At run level 1 Debian starts no services after installing them.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    swift-proxy swift-account swift-container swift-object memcached >&2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/ccjk-s3.XXXXXX")
children=
finish() {
  for child in $children; do kill "$child" 2>/dev/null || true; done
  for child in $children; do wait "$child" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

user=$(id -un)
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
read -r proxy account container object cache <<EOF
$(python3 -c '
import socket
held = [socket.socket() for _ in range(5)]
for each in held: each.bind(("127.0.0.1", 0))
print(*[each.getsockname()[1] for each in held])')
EOF

mkdir -p "$work/devices/d1" "$work/cache" "$work/lock"
cd "$work"
for kind in account container object; do
  eval "port=\$$kind"
  swift-ring-builder "$kind.builder" create 4 1 1 >/dev/null
  swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/d1" 1 >/dev/null
  swift-ring-builder "$kind.builder" rebalance >/dev/null
  cat >"$kind.conf" <<EOF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
user = $user
swift_dir = $work
devices = $work/devices
mount_check = false
workers = 0
log_level = WARNING
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
EOF
done
cat >proxy.conf <<EOF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $proxy
user = $user
swift_dir = $work
workers = 0
log_level = WARNING
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$cache
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_ccjk_tester = $secret .admin
[filter:slo]
use = egg:swift#slo
EOF

memcached -u "$user" -l 127.0.0.1 -p "$cache" >memcached.log 2>&1 &
children="$children $!"
for kind in account container object proxy; do
  "swift-$kind-server" "$work/$kind.conf" >"$kind.log" 2>&1 &
  children="$children $!"
done
cd "$OLDPWD"

tries=0
until python3 -c "
import urllib.request, urllib.error
try: urllib.request.urlopen('http://127.0.0.1:$proxy/', timeout=2)
except urllib.error.HTTPError: pass" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ]; then
    echo 'Swift did not start:' >&2
    tail -n 20 "$work"/*.log >&2
    exit 1
  fi
  sleep 0.2
done

status=0
S3_ENDPOINT="http://127.0.0.1:$proxy" S3_BUCKET=ccjk-logs S3_REGION=us-east-1 \
  S3_ACCESS_KEY=ccjk:tester S3_SECRET_KEY="$secret" "$@" || status=$?
if [ "$status" -ne 0 ]; then tail -n 20 "$work"/*.log >&2; fi
exit "$status"
