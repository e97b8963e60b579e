#!/bin/sh
# Install Queue Alert as services of systemd. See --help.
set -eu

usage() {
  cat <<'END'
Install Queue Alert as services of systemd, from the folder this script came in.

  sudo deploy/install.sh [--extras LIST] [--python PROGRAM] [--dry-run]
  deploy/install.sh --root DIR

  --extras LIST     optional parts, separated by commas (default: gpio,serial,mqtt,usb,webhook)
  --python PROGRAM  Python 3.11 or newer (default: python3)
  --root DIR        only lay out the files below DIR, as for an image; nothing of this machine is touched
  --dry-run         say what would be done, and do nothing
  --help            this

It may be run again at any time, for an update too. A configuration that exists is never changed. Units and
rules that you have changed are replaced, and kept beside the new ones as *.old; changes of your own belong into
drop-ins (systemctl edit queue-alert). Nothing is started that was not running.
END
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

root=
dry=
python=python3
extras=gpio,serial,mqtt,usb,webhook
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --dry-run) dry=yes ;;
    --root | --python | --extras)
      [ -n "${2:-}" ] || fail "$1 needs a value; see --help"
      case $1 in
        --root) root=$2 ;;
        --python) python=$2 ;;
        --extras) extras=$2 ;;
      esac
      shift
      ;;
    *) echo "install.sh: unknown option $1; see --help" >&2; exit 2 ;;
  esac
  shift
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
source=$(dirname -- "$here")
is_first=
venv=/opt/queue-alert
config=/etc/queue-alert/config.toml

# Do something, or only say so.
run() {
  if [ -n "$dry" ]; then
    echo "would run: $*"
  else
    "$@"
  fi
}

# put FROM TO: make TO what FROM is; what was changed by hand is kept.
put() {
  to=$root$2
  if cmp -s -- "$1" "$to"; then
    echo "unchanged: $to"
    return
  fi
  if [ -n "$dry" ]; then
    echo "would write: $to"
    return
  fi
  mkdir -p -- "$(dirname -- "$to")"
  if [ -e "$to" ]; then
    cp -p -- "$to" "$to.old"
    echo "replaced: $to (before: $to.old)"
  else
    echo "written: $to"
  fi
  # By way of a second file: a power cut leaves the old one or the new one, never half of it.
  cp -- "$1" "$to.new"
  chmod 644 -- "$to.new"
  mv -f -- "$to.new" "$to"
}

check() {
  [ "$(uname -s)" = Linux ] || fail "this is not Linux; on $(uname -s) run queue-alert by hand"
  for file in "$here/systemd/queue-alert.service" "$source/pyproject.toml"; do
    [ -e "$file" ] || fail "$file is missing; run this from a whole copy of Queue Alert"
  done
  [ -z "$root" ] || return 0
  command -v systemctl >/dev/null 2>&1 || fail "systemd is missing; without it run queue-alert by hand"
  command -v "$python" >/dev/null 2>&1 || fail "$python is missing; name another by --python"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed, $python is $("$python" -V 2>&1); name another by --python"
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "Python's venv module is missing; on Debian and Raspberry Pi OS: apt install python3-venv"
  [ -n "$dry" ] || [ "$(id -u)" = 0 ] || fail "must be run by root: sudo deploy/install.sh"
}

put_files() {
  put "$here/sysusers.d/queue-alert.conf" /etc/sysusers.d/queue-alert.conf
  put "$here/udev/70-queue-alert.rules" /etc/udev/rules.d/70-queue-alert.rules
  put "$here/systemd/queue-alert.service" /etc/systemd/system/queue-alert.service
  put "$here/systemd/queue-alert-wallboard.service" /etc/systemd/system/queue-alert-wallboard.service
  if [ -e "$root$config" ]; then
    echo "left alone: $root$config"
  else
    put "$here/config.toml" "$config"
    is_first=yes
  fi
}

set_up_machine() {
  # The distribution's lgpio is to be seen: there is none on PyPI for every Python.
  [ -x "$venv/bin/python" ] || run "$python" -m venv --system-site-packages "$venv"
  run "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "${source}[$extras]"
  run ln -sfn "$venv/bin/queue-alert" /usr/local/bin/queue-alert
  run systemd-sysusers queue-alert.conf
  if [ -n "$is_first" ]; then
    run chgrp queue-alert /etc/queue-alert "$config"
    run chmod 750 /etc/queue-alert
    run chmod 640 "$config"
  fi
  # As in an image that is being made: what is there is seen when it is booted.
  if [ -z "$dry" ] && [ ! -d /run/systemd/system ]; then
    echo "systemd is not running here: units and rules take effect at the next start"
    return
  fi
  run systemctl daemon-reload
  if command -v udevadm >/dev/null 2>&1; then
    run udevadm control --reload
    run udevadm trigger --subsystem-match=hidraw --subsystem-match=tty --subsystem-match=leds
  fi
  for unit in queue-alert queue-alert-wallboard; do
    run systemctl try-restart "$unit.service"
  done
}

say_next() {
  cat <<END

What to do next:
  1. Write $config (docs/reference/configuration.md)
  2. sudo -u queue-alert queue-alert check
  3. sudo systemctl enable --now queue-alert
  4. On a screen: sudo systemctl enable --now queue-alert-wallboard
  5. See what it says: journalctl -u queue-alert -f
END
}

check
put_files
if [ -n "$root" ]; then
  echo "laid out below $root; users, rules and units take effect where it is booted"
else
  set_up_machine
  say_next
fi
