# SPDX-License-Identifier: GPL-2.0-or-later
# What the boot tests share. Sourced; expects $WINDSOR (the program) and $MEDIA (a directory for media).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${WINDSOR:?the path of the windsor program}" "${MEDIA:?a directory for media}"
mkdir -p "$MEDIA"

# A run-time directory of this test's own, so that tests do not meet each other's domains.
scratch=$(mktemp -d /tmp/windsor-boot.XXXXXX)
export WINDSOR_RUNTIME_DIR=$scratch/run WINDSOR_DATA_DIR=$scratch/windsor-data
domain=guest
children=() # processes that end with the test

# proven: every piece of code that the translator has made for the domain so far was proven harmless. Fails and says so
# where one was refused, or where nothing was looked at. Other engines have nothing to prove, nor has a domain without
# the verifier.
proven() {
  local stats verified refused
  [ "${VERIFY:-0}" = 1 ] || return 0
  stats=$("$WINDSOR" stats "$domain")
  verified=$(awk -F ' *: *' '/^verified_blocks/ { sum += $2 } END { print sum + 0 }' <<< "$stats")
  refused=$(awk -F ' *: *' '/^refused_blocks/ { sum += $2 } END { print sum + 0 }' <<< "$stats")
  "$WINDSOR" engine "$domain" | grep -q '^engine: translate' || return 0
  [ "$verified" -gt 0 ] || { echo "no translated code was verified"; return 1; }
  [ "$refused" -eq 0 ] || { echo "$refused of $verified pieces of translated code were refused"; return 1; }
  ! "$WINDSOR" dmesg "$domain" | grep 'verify: ' || return 1
  echo "all $verified pieces of translated code were proven harmless"
}

finish() {
  local status=$?
  if [ $status -eq 0 ] && "$WINDSOR" domid "$domain" > /dev/null 2>&1; then
    proven || status=1
  fi
  if [ $status -ne 0 ]; then
    echo "---- the screen when the test failed ----"
    "$WINDSOR" screen "$domain" 2>&1 || true
    if [ -n "${WINDSOR_TEST_KEEP:-}" ]; then
      "$WINDSOR" screenshot "$domain" "$WINDSOR_TEST_KEEP/$(basename "$0").png" 2>&1 || true
    fi
    echo "---- the end of its log ----"
    "$WINDSOR" dmesg "$domain" 2>&1 | tail -n 25 || true
  fi
  for id in $("$WINDSOR" list | awk 'NR > 1 { print $2 }'); do "$WINDSOR" destroy "$id" || true; done
  [ ${#children[@]} -eq 0 ] || kill -KILL "${children[@]}" 2> /dev/null || true
  rm -rf "$scratch"
  exit $status
}
trap finish EXIT

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# need PROGRAM... skips the test where one of them is not installed.
need() {
  local program
  for program in "$@"; do
    command -v "$program" > /dev/null || skip "$program is not installed"
  done
}

# keep FILE NAME copies a file of this test to where WINDSOR_TEST_KEEP says, for people to look at.
keep() { [ -z "${WINDSOR_TEST_KEEP:-}" ] || cp "$scratch/$1" "$WINDSOR_TEST_KEEP/$2"; }

# create KEY=VALUE... starts the domain from lines of configuration, with the standard VGA if STDVGA says nothing else.
create() {
  {
    echo "builder = 'hvm'"
    echo "stdvga = ${STDVGA:-1}"
    echo "name = '$domain'"
    echo "vnc = 1"
    echo "vncunused = 1"
    echo "engine = '${ENGINE:-auto}'"
    echo "verify = ${VERIFY:-0}"
    printf '%s\n' "$@"
  } > "$scratch/config"
  "$WINDSOR" create "$scratch/config"
}

# expect REGEX SECONDS waits for text on the screen.
expect() {
  "$WINDSOR" wait "$domain" --text "$1" --timeout "$2" > /dev/null || { echo "did not see '$1' within $2 s"; return 1; }
  echo "saw: $1"
}

# enter LINE types it and presses Enter.
enter() { "$WINDSOR" type --enter "$domain" "$1"; }

# gone SECONDS waits for the domain to end by itself.
gone() {
  local left=$1
  while "$WINDSOR" domid "$domain" > /dev/null 2>&1; do
    [ "$left" -gt 0 ] || { echo "the domain did not end"; return 1; }
    left=$((left - 1))
    sleep 1
  done
  echo "the domain has ended"
}

# once NAME COMMAND [WORD...] makes a medium once, whoever comes first, and again when COMMAND has changed.
once() {
  local file=$MEDIA/$1
  shift
  (
    flock 9
    [ -e "$file" ] && [ ! "$1" -nt "$file" ] || "$@" "$file"
  ) 9> "$file.lock"
}

# installer_kernel ARCH prints the path of the installer's kernel; fails where no package has one.
installer_kernel() { "$here/../../tools/installer-kernel" "$1" 2> /dev/null; }

# any_installer prints the architecture of an installer that is here: i386 if there is one.
any_installer() {
  local arch
  for arch in i386 amd64; do installer_kernel $arch > /dev/null && echo $arch && return; done
  return 1
}

# test_disk makes disk.img, this test's own copy of the disk with the small Linux system.
test_disk() {
  once test-disk.img "$here/make-disk" "$MEDIA/cache"
  cp --sparse=always "$MEDIA/test-disk.img" "$scratch/disk.img"
}
