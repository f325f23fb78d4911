# SPDX-License-Identifier: GPL-2.0-or-later
# Which packages of Debian and Ubuntu are needed for what, and how to get those that are missing. Sourced by run, test
# and build-on. Releases differ in the installer that they package as a medium to boot: Debian 13 and later have no
# i386, and Ubuntu has none at all.

release=$(. "${os_release:-/etc/os-release}" && echo "$ID:${VERSION_ID:-unstable}")
case $release in
  debian:12) installer=12 installer_architectures="i386 amd64" ;;
  debian:13|debian:unstable) installer=13 installer_architectures=amd64 ;; # testing has no number, either
  ubuntu:24.04|ubuntu:25.10|ubuntu:26.04|ubuntu:26.10) installer='' installer_architectures='' ;;
  *) installer='' installer_architectures='' release="other:$release" ;;
esac

build_packages="g++ binutils cmake ninja-build ccache pkg-config acpica-tools
  libzydis-dev libasmjit-dev libvncserver-dev libpng-dev libzstd-dev libgnutls28-dev libseccomp-dev
  libslirp-dev libglib2.0-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libgtest-dev libgmock-dev"
runtime_packages="seabios"
installer_packages=
for architecture in $installer_architectures; do
  installer_packages+=" debian-installer-$installer-netboot-$architecture"
done
# The medium that run boots if it is given none: Debian's installer, the i386 one if there are two, else GRUB.
demo_packages="grub-rescue-pc"
[ -z "$installer" ] || demo_packages="${installer_packages# } isolinux syslinux-common xorriso"
demo_packages=${demo_packages/ debian-installer-12-netboot-amd64/}
test_packages="clang-19 libclang-rt-19-dev gvncviewer tigervnc-viewer tigervnc-tools xvfb xdotool imagemagick
  $installer_packages isolinux syslinux-common xorriso grub-rescue-pc grub-pc-bin busybox-static
  e2fsprogs fdisk cpio ipxe-qemu gnutls-bin qemu-system-x86 gcc-multilib nasm samba xz-utils"
bench_packages="$installer_packages isolinux syslinux-common xorriso
  gcc-multilib qemu-system-x86 busybox-static cpio grub-rescue-pc"

# install_missing PACKAGE... installs those that dpkg does not know as installed; root is asked for only here.
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  case $release in
    other:*)
      echo "$0: packages are known for Debian 12, 13 and unstable and Ubuntu 24.04 to 26.10, not for" \
        "${release#other:}: install by hand what corresponds to ${missing[*]}," \
        "and start this again with --no-install" >&2
      return 1 ;;
  esac
  echo "Installing packages: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "$0: these packages are missing and sudo is not here to install them: ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "${missing[@]}")
  "${install[@]}" || { "${as_root[@]}" apt-get update -q && "${install[@]}"; }
}

# Compilations are shared between build trees and clones of this repository, and between run and test, which differ only
# in that a warning is an error to test.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_IGNOREOPTIONS=-Werror
