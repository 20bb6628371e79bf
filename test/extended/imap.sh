#!/bin/sh
# Runs a command beside a real IMAP server, for the tests that need one:
#
#   test/extended/imap.sh npx vitest run test/adapters/imap.test.ts
#
# The server is Dovecot from Debian's packages, which this installs when it is missing (as root). It has a configuration
# and a directory of its own, listens on free ports of 127.0.0.1, demands TLS, gives every user who knows the password a
# mailbox, and is gone with the command. No service of the machine is started or changed.
set -eu

PATH=$PATH:/usr/sbin
if ! command -v dovecot >/dev/null || ! [ -x /usr/lib/dovecot/imap ]; then
  echo 'Installing Dovecot from Debian…' >&2
  apt-get update >&2
  # At run level 1 Debian starts no services after installing them.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends dovecot-imapd >&2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/ccjk-imap.XXXXXX")
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Mail may not belong to root, and what faces the network is to be somebody else. Without root, all is one user.
if [ "$(id -u)" -eq 0 ]; then
  owner=nobody login=dovenull internal=dovecot
else
  owner=$(id -un) login=$owner internal=$owner
fi
group=$(id -gn "$owner")
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
read -r imap imaps <<EOF_PORTS
$(python3 -c '
import socket
held = [socket.socket() for _ in range(2)]
for each in held: each.bind(("127.0.0.1", 0))
print(*[each.getsockname()[1] for each in held])')
EOF_PORTS

mkdir "$work/mail"
chmod 755 "$work"
chown "$owner:$group" "$work/mail"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
cat >"$work/dovecot.conf" <<EOF_CONF
base_dir = $work/run
state_dir = $work/state
log_path = $work/dovecot.log
instance_name = ccjk-test
listen = 127.0.0.1
protocols = imap
default_login_user = $login
default_internal_user = $internal
default_internal_group = $(id -gn "$internal")
first_valid_uid = 1
ssl = required
ssl_cert = <$work/cert.pem
ssl_key = <$work/key.pem
mail_location = maildir:$work/mail/%u
passdb {
  driver = static
  args = password=$secret
}
userdb {
  driver = static
  args = uid=$owner gid=$group home=$work/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
EOF_CONF

dovecot -F -c "$work/dovecot.conf" &
server=$!
tries=0
until python3 -c "import socket; socket.create_connection(('127.0.0.1', $imap), 2)" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
    echo 'Dovecot did not start:' >&2
    tail -n 20 "$work/dovecot.log" >&2
    exit 1
  fi
  sleep 0.1
done

status=0
IMAP_PORT=$imap IMAP_TLS_PORT=$imaps IMAP_PASSWORD=$secret "$@" || status=$?
if [ "$status" -ne 0 ]; then tail -n 20 "$work/dovecot.log" >&2; fi
exit "$status"
