# SPDX-License-Identifier: GPL-2.0-or-later
# The methods of strings.

# Case.
assert 'abC'.upper() == 'ABC'
assert 'ABc'.lower() == 'abc'
assert 'aBC'.capitalize() == 'Abc'
assert ''.capitalize() == ''
assert 'one tWo'.title() == 'One Two'
assert "they're here".title() == "They'Re Here"
assert 'aBc'.swapcase() == 'AbC'
assert 'ABC'.casefold() == 'abc'

# Kinds of characters; of an empty string nothing is said.
assert '12'.isdigit() and not '1a'.isdigit() and not ''.isdigit()
assert '12'.isdecimal() and '12'.isnumeric()
assert 'ab'.isalpha() and not 'a1'.isalpha() and not ''.isalpha()
assert 'a1'.isalnum() and not 'a-1'.isalnum()
assert ' \t\n'.isspace() and not ' a'.isspace() and not ''.isspace()
assert 'AB1'.isupper() and not 'Ab'.isupper() and not '12'.isupper()
assert 'ab1'.islower() and not 'Ab'.islower() and not ''.islower()
assert 'One Two'.istitle() and not 'One two'.istitle() and not 'ONe'.istitle() and not ''.istitle()

# Blanks and other characters at the ends.
assert '  a b\t\n'.strip() == 'a b'
assert '  a '.lstrip() == 'a '
assert '  a '.rstrip() == '  a'
assert 'xxaxx'.strip('x') == 'a'
assert 'xyaxy'.strip('yx') == 'a'
assert 'abc'.strip('abc') == ''
assert ' a '.strip(None) == 'a'
assert 'disk.img'.rstrip('gmi.') == 'disk'
assert ''.strip() == ''
assert 'hda1'.removeprefix('hd') == 'a1'
assert 'hda1'.removeprefix('sd') == 'hda1'
assert 'hda1'.removesuffix('1') == 'hda'
assert 'hda1'.removesuffix('') == 'hda1'

# Width.
assert 'a'.ljust(3) == 'a  '
assert 'a'.rjust(3, '.') == '..a'
assert 'abc'.ljust(2) == 'abc'
assert 'ab'.center(4, '*') == '*ab*'
assert 'ab'.center(5) == '  ab '
assert 'abc'.center(6) == ' abc  '
assert 'abc'.center(-1) == 'abc'
assert '7'.zfill(3) == '007'
assert '-7'.zfill(3) == '-07'
assert '+7'.zfill(4) == '+007'
assert 'abc'.zfill(2) == 'abc'
assert 'a\tb'.expandtabs() == 'a       b'
assert 'a\tb\tc'.expandtabs(4) == 'a   b   c'
assert 'ab\n\tc'.expandtabs(2) == 'ab\n  c'
assert 'a\tb'.expandtabs(0) == 'ab'

# A method can be taken and called later.
upper = 'abc'.upper
assert upper() == 'ABC'
assert [word.strip() for word in ' a, b ,c'.split(',')] == ['a', 'b', 'c']
assert 'a-b'.upper().lower().replace('-', '+') == 'a+b'
