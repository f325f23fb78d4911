# SPDX-License-Identifier: GPL-2.0-or-later
# The module string, as far as Python 3 has it.
import string

assert string.ascii_lowercase == 'abcdefghijklmnopqrstuvwxyz'
assert string.ascii_uppercase == string.ascii_lowercase.upper()
assert string.ascii_letters == string.ascii_lowercase + string.ascii_uppercase
assert string.digits == '0123456789'
assert string.hexdigits == '0123456789abcdefABCDEF'
assert string.octdigits == '01234567'
assert '!' in string.punctuation and '~' in string.punctuation and 'a' not in string.punctuation
assert len(string.punctuation) == 32
assert sorted(string.whitespace) == sorted(' \t\n\r\x0b\x0c')
assert len(string.printable) == 100
assert string.capwords('  one   two ') == 'One Two'
assert [c for c in 'a1-' if c in string.ascii_letters + string.digits] == ['a', '1']
assert 'xvd' + string.ascii_lowercase[3] == 'xvdd'
