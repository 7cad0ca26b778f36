#!/usr/bin/env bash
# Exim and OpenSMTPD beside Postfix: Debian lets only one mail server be installed, so these are unpacked, not installed.
# unpack-peers.sh DIR : fetches both packages into DIR, and installs the libraries that they need.
set -eu
dir=$1
[ -x "$dir/usr/sbin/exim4" ] && [ -x "$dir/usr/sbin/smtpd" ] && exit 0
sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -n"
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
chmod 755 "$fresh"
cd "$fresh"
packages="exim4-daemon-light opensmtpd"
# shellcheck disable=SC2086
apt-get -qq download $packages 2>/dev/null || { $sudo apt-get -qq update >/dev/null; apt-get -qq download $packages; }
mkdir tree
libraries=""
for package in *.deb; do
  dpkg-deb -x "$package" tree
  libraries="$libraries $(dpkg-deb -f "$package" Depends | tr ',' '\n' | awk '$1 ~ /^lib/ {print $1}' | tr '\n' ' ')"
done
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq install -y --no-install-recommends $libraries >/dev/null
mkdir -p "$(dirname "$dir")"
rm -rf "$dir"
mv tree "$dir"
chmod 755 "$dir"
