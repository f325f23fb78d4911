# SPDX-License-Identifier: GPL-2.0-or-later
# What Python 3 has removed from the module string, and translate() with a table of bytes.
import string
from string import upper, join, letters

assert upper('abc') == 'ABC'
assert string.lower('ABC') == 'abc'
assert string.strip('  a ') == 'a' and string.lstrip(' a') == 'a' and string.rstrip('a ') == 'a'
assert string.split('a b') == ['a', 'b']
assert string.split('a,b,c', ',', 1) == ['a', 'b,c']
assert string.rsplit('a,b,c', ',', 1) == ['a,b', 'c']
assert join(['a', 'b']) == 'a b'
assert string.join(['a', 'b'], '-') == 'a-b'
assert string.replace('aXb', 'X', '-') == 'a-b'
assert string.find('abc', 'b') == 1 and string.find('abcb', 'b', 2) == 3
assert string.rfind('abcb', 'b') == 3 and string.index('abc', 'c') == 2 and string.rindex('abcb', 'b') == 3
assert string.count('abab', 'a') == 2
assert string.zfill('7', 3) == '007'
assert string.capitalize('abc') == 'Abc' and string.swapcase('aB') == 'Ab'
assert string.ljust('a', 3) == 'a  ' and string.rjust('a', 3) == '  a' and string.center('a', 3) == ' a '
assert string.expandtabs('\t', 2) == '  '
assert string.atoi('12') == 12 and string.atoi('ff', 16) == 255
assert string.atol('12L') == 12
assert string.atof('1.5') == 1.5
assert letters == string.lowercase + string.uppercase
assert string.uppercase[0] == 'A'

table = string.maketrans('ab', 'xy')
assert len(table) == 256
assert 'aabc'.translate(table) == 'xxyc'
assert 'a-b-c'.translate(None, '-') == 'abc'
assert 'aabc'.translate(table, 'c') == 'xxy'
assert string.translate('ab', table) == 'xy'
