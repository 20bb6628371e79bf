#!/bin/sh
# Checks the rules of the alerts, and tries them on invented series:
#
#   test/extended/promtool.sh
#
# promtool comes with Prometheus, of which only the files are taken out of Debian's package when it is missing: no service
# of the machine is installed, started or changed.
set -eu

rules=$(cd "$(dirname "$0")/../../deploy/prometheus" && pwd)
work=
finish() { [ -z "$work" ] || rm -rf "$work"; }
trap finish EXIT
trap 'exit 130' INT TERM

promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
  echo 'Fetching promtool from Debian…' >&2
  work=$(mktemp -d "${TMPDIR:-/tmp}/ccjk-promtool.XXXXXX")
  chmod 755 "$work"
  (cd "$work" && apt-get download -qq prometheus && dpkg-deb --extract prometheus_*.deb .) >&2
  promtool=$work/usr/bin/promtool
fi

"$promtool" check config "$rules/prometheus.yml"
"$promtool" check rules "$rules/alerts.yml"
"$promtool" test rules "$rules/alerts.test.yml"
