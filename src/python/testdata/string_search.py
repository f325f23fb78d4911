# SPDX-License-Identifier: GPL-2.0-or-later
# The methods of strings that look for a part.

assert 'abcabc'.find('c') == 2
assert 'abcabc'.rfind('c') == 5
assert 'abc'.find('x') == -1
assert 'abc'.rfind('x') == -1
assert 'abc'.index('b') == 1
assert 'abcb'.rindex('b') == 3

# The empty string is found everywhere, also at the end.
assert 'abc'.find('') == 0
assert 'abc'.rfind('') == 3
assert 'abc'.find('', 3) == 3
assert 'abc'.find('', 4) == -1
assert ''.find('') == 0

# A start and an end follow the rules of slices.
assert 'abcabc'.find('a', 1) == 3
assert 'abcabc'.find('c', 0, 2) == -1
assert 'abcabc'.find('c', 0, 3) == 2
assert 'abcabc'.find('a', -3) == 3
assert 'abcabc'.find('b', -100, -1) == 1
assert 'abcabc'.rfind('a', 0, 3) == 0
assert 'abcabc'.rfind('c', 0, -1) == 2
assert 'abcabc'.index('b', 2) == 4
assert 'abcabc'.rindex('b', 0, 4) == 1
assert 'abc'.find('b', None, None) == 1
assert 'abc'.find('b', 2, 1) == -1

# Counting does not overlap.
assert 'aaaa'.count('aa') == 2
assert 'abcabc'.count('b') == 2
assert 'abcabc'.count('b', 2) == 1
assert 'abcabc'.count('b', 0, 2) == 1
assert 'abc'.count('') == 4
assert ''.count('') == 1
assert 'abc'.count('', 4) == 0
assert 'abc'.count('x') == 0

# Beginnings and endings, one or several.
assert 'disk.img'.endswith('.img')
assert 'disk.img'.endswith(('.iso', '.img'))
assert not 'disk.img'.endswith(())
assert 'phy:sda'.startswith('phy:')
assert 'phy:sda'.startswith(('file:', 'phy:'))
assert 'phy:sda'.startswith('sda', 4)
assert not 'phy:sda'.startswith('sda', 5)
assert 'phy:sda'.endswith('phy', 0, 3)
assert 'abc'.startswith('')
assert 'abc'.startswith('', 3)
assert not 'abc'.startswith('', 4)
assert not 'a'.startswith('ab')

# Replacement.
assert 'aXbX'.replace('X', '-') == 'a-b-'
assert 'aXbX'.replace('X', '-', 1) == 'a-bX'
assert 'aXbX'.replace('X', '', -1) == 'ab'
assert 'aXb'.replace('X', '-', 0) == 'aXb'
assert 'aaa'.replace('aa', 'b') == 'ba'
assert 'abc'.replace('', '-') == '-a-b-c-'
assert 'abc'.replace('', '-', 2) == '-a-bc'
assert ''.replace('', 'x') == 'x'
assert ''.replace('a', 'x') == ''
