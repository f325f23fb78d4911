# SPDX-License-Identifier: GPL-2.0-or-later
# Which Debian packages are needed for what, and how to get those that are missing. Sourced by run and test.

build_packages="g++ cmake ninja-build ccache pkg-config acpica-tools
  libzydis-dev libasmjit-dev libvncserver-dev libpng-dev libzstd-dev libgnutls28-dev libfmt-dev libspdlog-dev
  nlohmann-json3-dev libcli11-dev libgtest-dev libgmock-dev"
runtime_packages="seabios"
demo_packages="debian-installer-12-netboot-i386 isolinux syslinux-common xorriso"
test_packages="clang-19 libclang-rt-19-dev gvncviewer tigervnc-viewer tigervnc-tools xvfb xdotool imagemagick
  debian-installer-12-netboot-amd64 grub-rescue-pc grub-pc-bin busybox-static
  e2fsprogs fdisk cpio gnutls-bin qemu-system-x86 gcc-multilib"
bench_packages="gcc-multilib qemu-system-x86 busybox-static cpio grub-rescue-pc"

# install_missing PACKAGE... installs those that dpkg does not know as installed; root is asked for only here.
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "Installing from Debian: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "$0: these packages are missing and sudo is not here to install them: ${missing[*]}" >&2; return 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    { "${as_root[@]}" apt-get update -q &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; }
}

# Compilations are shared between build trees and clones of this repository.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
