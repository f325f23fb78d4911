# SPDX-License-Identifier: GPL-2.0-or-later
# Taking strings apart and joining them.

assert 'a,b,,c'.split(',') == ['a', 'b', '', 'c']
assert ''.split(',') == ['']
assert ','.split(',') == ['', '']
assert 'a, b'.split(', ') == ['a', 'b']
assert 'a,b,c'.split(',', 1) == ['a', 'b,c']
assert 'a,b,c'.split(',', 0) == ['a,b,c']
assert 'a,b,c'.split(',', -1) == ['a', 'b', 'c']
assert 'a,b,c'.split(sep=',', maxsplit=1) == ['a', 'b,c']
assert 'aaa'.split('aa') == ['', 'a']

# Without a separator runs of blanks divide, and those at the ends do not count.
assert ' a  b\tc\n'.split() == ['a', 'b', 'c']
assert ''.split() == []
assert '   '.split() == []
assert ' a  b  c '.split(None, 1) == ['a', 'b  c ']
assert ' a  b  c '.split(None, 0) == ['a  b  c ']
assert 'a b'.split(None) == ['a', 'b']

# From the right.
assert 'a.b.c'.rsplit('.', 1) == ['a.b', 'c']
assert 'a.b.c'.rsplit('.') == ['a', 'b', 'c']
assert 'a.b.c'.rsplit('.', 0) == ['a.b.c']
assert 'aaa'.rsplit('aa') == ['a', '']
assert ' a  b  c '.rsplit() == ['a', 'b', 'c']
assert ' a  b  c '.rsplit(None, 1) == [' a  b', 'c']
assert ' a  b  c '.rsplit(None, 5) == ['a', 'b', 'c']
assert ' a  b '.rsplit(None, 0) == [' a  b']

# Lines.
assert 'a\nb\r\nc\rd'.splitlines() == ['a', 'b', 'c', 'd']
assert 'a\n'.splitlines() == ['a']
assert '\n\n'.splitlines() == ['', '']
assert ''.splitlines() == []
assert 'a\nb\r\nc'.splitlines(True) == ['a\n', 'b\r\n', 'c']

# Three parts.
assert 'a=b=c'.partition('=') == ('a', '=', 'b=c')
assert 'a=b=c'.rpartition('=') == ('a=b', '=', 'c')
assert 'abc'.partition('=') == ('abc', '', '')
assert 'abc'.rpartition('=') == ('', '', 'abc')
key, sep, value = 'memory=512'.partition('=')
assert (key, value) == ('memory', '512')

# Joining takes anything that can be walked through.
assert '-'.join(['a', 'b', 'c']) == 'a-b-c'
assert ''.join(('a', 'b')) == 'ab'
assert ', '.join([]) == ''
assert ', '.join(['a']) == 'a'
assert '.'.join('abc') == 'a.b.c'
assert ','.join(str(n) for n in range(3)) == '0,1,2'
assert ','.join({'x': 1}) == 'x'
