# SPDX-License-Identifier: GPL-2.0-or-later
# Regular expressions.
import re

# Where a match may lie.
assert re.search('b', 'abc')
assert re.match('b', 'abc') is None
assert re.match('ab', 'abc')
assert re.fullmatch('ab', 'abc') is None
assert re.fullmatch('a|abc', 'abc')
assert re.search('64', 'x86_64')
assert not re.search('64', 'i686')

# Matches.
m = re.search(r'(\d+)-(\d+)(x)?', 'a12-34')
assert m.group() == '12-34' == m.group(0)
assert m.group(1) == '12' and m.group(2) == '34' and m.group(3) is None
assert m.group(1, 2) == ('12', '34')
assert m.groups() == ('12', '34', None)
assert m.groups('') == ('12', '34', '')
assert m.start() == 1 and m.end() == 6 and m.span() == (1, 6)
assert m.start(2) == 4 and m.span(1) == (1, 3) and m.span(3) == (-1, -1)
assert m[1] == '12'
assert m.expand(r'\2-\1') == '34-12'
n = re.match('(?P<key>[a-z]+)=(?P<value>.*)', 'memory=512')
assert n.group('key') == 'memory' and n['value'] == '512'
assert n.groupdict() == {'key': 'memory', 'value': '512'}
assert n.expand(r'\g<value>/\g<1>') == '512/memory'
assert re.match('(?P<a>x)|(?P<b>y)', 'y').groupdict('-') == {'a': '-', 'b': 'y'}

# Replacing.
assert re.sub('[aeiou]', '*', 'hello') == 'h*ll*'
assert re.sub(r'(\w)(\d)', r'\2\1', 'a1 b2') == '1a 2b'
assert re.sub(r'(?P<n>a)', r'[\g<n>]', 'aba') == '[a]b[a]'
assert re.sub('b', lambda m: m.group(0).upper(), 'abc') == 'aBc'
assert re.sub('a', 'b', 'aaa', count=2) == 'bba'
assert re.sub('x*', '-', 'ab') == '-a-b-'
assert re.sub('x*', '-', 'abxd') == '-a-b--d-'
assert re.sub('a', r'\n', 'a') == '\n'
assert re.sub('a', r'\\', 'a') == '\\'
assert re.sub('z', 'y', 'abc') == 'abc'
assert re.subn('a', 'b', 'aca') == ('bcb', 2)
assert re.subn('z', 'b', 'a') == ('a', 0)

# Finding all.
assert re.findall('[0-9]+', 'a1b22') == ['1', '22']
assert re.findall('(a)(b)?', 'aab') == [('a', ''), ('a', 'b')]
assert re.findall('a(.)', 'abac') == ['b', 'c']
assert re.findall('x*', 'axb') == ['', 'x', '', '']
assert re.findall('z', 'abc') == []
assert [m.group(1) for m in re.finditer('a(.)', 'abac')] == ['b', 'c']
assert [m.span() for m in re.finditer('b', 'abcb')] == [(1, 2), (3, 4)]

# Splitting.
assert re.split(', *', 'a, b,c') == ['a', 'b', 'c']
assert re.split('(,)', 'a,b') == ['a', ',', 'b']
assert re.split(',', 'a,b,c', maxsplit=1) == ['a', 'b,c']
assert re.split(',', '') == ['']

# Flags, and patterns that are kept.
assert re.search('ABC', 'xabc', re.I).span() == (1, 4)
assert re.search('ABC', 'xabc', flags=re.IGNORECASE)
assert re.findall('^b', 'a\nb', re.M) == ['b']
assert re.search('a.b', 'a\nb') is None
assert re.search('a.b', 'a\nb', re.S)
assert re.search('^B$', 'a\nb', re.I | re.MULTILINE)
p = re.compile('(a+)', re.I)
assert p.search('xAa').group(1) == 'Aa'
assert p.match('xa') is None
assert p.fullmatch('aa')
assert p.findall('a aa') == ['a', 'aa']
assert p.sub('-', 'aba') == '-b-'
assert p.subn('-', 'aba') == ('-b-', 2)
assert p.split('xay') == ['x', 'a', 'y']
assert p.pattern == '(a+)'
assert re.search(p, 'a')
assert re.escape('a.b-c') == r'a\.b\-c'
assert re.search(re.escape('1+1'), '1+1')

# The syntax of patterns.
for pattern, text, found in [
        ('a|b', 'cb', 'b'), ('ab*', 'abb', 'abb'), ('ab*?', 'abb', 'a'), ('ab+', 'abb', 'abb'), ('ab?c', 'ac', 'ac'),
        ('a{2}', 'aaa', 'aa'), ('a{1,2}', 'aaa', 'aa'), ('[a-c]+', 'xabcx', 'abc'), ('[^a-c]+', 'abxy', 'xy'),
        (r'\d+', 'a12', '12'), (r'\D+', '12ab', 'ab'), (r'\w+', '-a_1-', 'a_1'), (r'\W+', 'a--', '--'),
        (r'\s+', 'a \tb', ' \t'), (r'\S+', ' ab ', 'ab'), (r'\bb\b', 'ab b', 'b'), (r'(a)\1', 'aa', 'aa'),
        ('(?:ab)+', 'abab', 'abab'), ('a(?=b)', 'acab', 'a'), ('a(?!c)', 'acab', 'a'), (r'\.', 'a.', '.'),
        ('(?i)AB', 'ab', 'ab'), ('^a', 'a', 'a'), ('c$', 'abc', 'c'), (r'\Aa', 'a', 'a'), ('.+', 'a\nb', 'a')]:
    assert re.search(pattern, text).group() == found, pattern
