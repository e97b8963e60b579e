#!/bin/sh
# Install Debian packages whose programs are missing, and leave no service of theirs running.
#
#   install.sh mosquitto:mosquitto openssl:openssl      (package:program ...)
set -eu
PATH=$PATH:/usr/sbin:/sbin
policy=/usr/sbin/policy-rc.d

missing=
for pair in "$@"; do
  command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo -n"
else
  echo "the tests need$missing; install them with: sudo apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "the tests need$missing, and there is no apt-get here; install them by the means of this system" >&2
  exit 1
fi

echo "installing$missing for the tests"
# While packages are installed, policy-rc.d forbids to start services (invoke-rc.d, deb-systemd-invoke).
ours=
if [ ! -e "$policy" ]; then
  ours=yes
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
fi
undo() {
  [ -z "$ours" ] || $as_root rm -f "$policy"
}
trap undo EXIT
trap 'exit 1' HUP INT TERM

install() {
  # shellcheck disable=SC2086 # several words are meant
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
install 2>/dev/null || { $as_root apt-get update -qq && install; }

# Nor at the next boot: nobody asked for a broker on this machine.
if [ -d /run/systemd/system ]; then
  for package in $missing; do
    $as_root systemctl disable --quiet "$package.service" 2>/dev/null || true
  done
fi
