# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests that look at pictures share. Sourced after lib.sh; needs ImageMagick.

# size FILE: its width and height, as 1280x800.
size() { identify -format '%wx%h' "$1"; }

# share FILE COLOUR: how many hundredths of the picture have that colour, for example AA0000.
share() {
  local pixels
  pixels=$(convert "$1" -alpha off -depth 8 -format '%c' histogram:info:- | sed -n "s/^ *\([0-9]*\):.* #$2 .*/\1/p")
  echo $((100 * ${pixels:-0} / $(identify -format '%w*%h' "$1")))
}

# bar FILE: where the red bar lies that marks a choice in the installer's list, as 360x16+448+352. The title is red,
# too, but of its lines little is.
bar() {
  local red=(-fill black +opaque '#aa0000' -fill white -opaque '#aa0000') size lines high top
  size=$(size "$1")
  # One column, with the share of red of each line, and a frame for the search to begin with.
  lines=$(convert "$1" "${red[@]}" -scale "1x${size#*x}!" -threshold 6% -bordercolor black -border 1 -format '%@' \
    info: 2> /dev/null)
  [[ $lines =~ ^1x([0-9]+)\+1\+([0-9]+)$ ]] || return 0
  high=${BASH_REMATCH[1]} top=$((BASH_REMATCH[2] - 1))
  convert "$1" "${red[@]}" -crop "${size%x*}x$high+0+$top" +repage -format "%@" info: | sed "s/+0\$/+$top/"
}

# is_dialog FILE: whether it shows a dialog of Debian's installer in the framebuffer, grey on blue, with a marked
# choice as high as a character.
is_dialog() {
  [ "$(size "$1")" = 1280x800 ] && [ "$(share "$1" AAAAAA)" -ge 50 ] && [ "$(share "$1" 0000AA)" -ge 3 ] &&
    [[ $(bar "$1") =~ ^[0-9]+x16\+[0-9]+\+[0-9]+$ ]]
}

# at FILE BAR: whether the bar in FILE is there.
at() { [ "$(bar "$1")" = "$2" ]; }

# below FILE BAR: whether the bar in FILE is the same as BAR, but one line further down.
below() { [ "$(bar "$1")" = "${2%+*}+$((${2##*+} + 16))" ]; }

# another_dialog FILE BAR: a dialog whose list is not the one of BAR.
another_dialog() { is_dialog "$1" && [ "$(bar "$1" | cut -d + -f 1,2)" != "$(cut -d + -f 1,2 <<< "$2")" ]; }

# see SECONDS WHAT TEST [WORD...] takes screenshots until TEST holds for one, and leaves it in screen.png.
see() {
  local end=$((SECONDS + $1)) what=$2 test=$3 file=$scratch/screen.png
  shift 3
  until "$WINDSOR" screenshot "$domain" "$file" && "$test" "$file" "$@"; do
    [ $SECONDS -lt $end ] || { echo "did not see $what"; return 1; }
    sleep 1
  done
  echo "saw $what"
}

# same A B: whether two pictures differ in no pixel.
same() { [ "$(size "$1")" = "$(size "$2")" ] && compare -metric AE "$1" "$2" null: 2> /dev/null; }
