#!/usr/bin/env bash
# Installs what the build and the tests need, and says what it does. Runs again harmlessly.
set -euo pipefail

# Package and the command (or file) that shows it is there; one pair a line.
wanted='
ca-certificates /etc/ssl/certs/ca-certificates.crt
gcc cc
python3 python3
python3-venv /usr/share/doc/python3-venv
openssh-client ssh
openssh-server /usr/sbin/sshd
sudo sudo
debootstrap /usr/sbin/debootstrap
systemd-container systemd-nspawn
iproute2 /usr/share/doc/iproute2
iptables /usr/sbin/iptables
qemu-user-static qemu-aarch64-static
'
missing=()
while read -r package probe; do
  [ -n "$package" ] || continue
  case "$probe" in
    /*) [ -e "$probe" ] || missing+=("$package") ;;
    *) command -v "$probe" >/dev/null || missing+=("$package") ;;
  esac
done <<<"$wanted"

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "deps: please install: ${missing[*]} (this script does it only as root on Debian or Ubuntu)" >&2
    exit 1
  fi
  echo "deps: installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

command -v cargo >/dev/null || { echo "deps: no cargo; install Rust (the version is in rust-toolchain.toml) with rustup" >&2; exit 1; }
if ! command -v terraform >/dev/null && ! command -v tofu >/dev/null; then
  echo "deps: neither terraform nor tofu is on PATH; the Terraform tests will fail until one is" >&2
fi
echo "deps: everything is there"
