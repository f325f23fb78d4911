# SPDX-License-Identifier: GPL-2.0-or-later
# The builtin functions that make and walk through sequences.
assert list(range(3)) == [0, 1, 2]
assert list(range(1, 4)) == [1, 2, 3]
assert list(range(5, 0, -2)) == [5, 3, 1]
assert list(range(0)) == [] and list(range(3, 1)) == []
assert list(range(-2, 3, 2)) == [-2, 0, 2]
assert len(range(10)) == 10
assert 5 in range(10) and 10 not in range(10)
assert list(enumerate('ab')) == [(0, 'a'), (1, 'b')]
assert list(enumerate(['a', 'b'], 1)) == [(1, 'a'), (2, 'b')]
assert list(enumerate('a', start=5)) == [(5, 'a')]
assert list(zip([1, 2], 'ab')) == [(1, 'a'), (2, 'b')]
assert list(zip([1, 2, 3], 'a')) == [(1, 'a')]
assert list(zip([1], [2], [3])) == [(1, 2, 3)]
assert list(zip()) == []
assert list(map(str, [1, 2])) == ['1', '2']
assert list(map(lambda a, b: a + b, [1, 2], [10, 20])) == [11, 22]
assert list(map(len, ['a', 'bb'])) == [1, 2]
assert list(filter(None, [0, 1, '', 'a'])) == [1, 'a']
assert list(filter(lambda n: n > 1, [1, 2, 3])) == [2, 3]
assert sum([1, 2, 3]) == 6
assert sum([1, 2], 10) == 13
assert sum([]) == 0
assert sum([[1], [2]], []) == [1, 2]
assert sum([0.5, 1]) == 1.5
assert sum([True, True]) == 2
assert len([1, 2]) == 2 and len('ab') == 2 and len({'a': 1}) == 1 and len((1,)) == 1 and len({1, 2}) == 2

# Types.
assert isinstance('a', str)
assert isinstance(1, int) and not isinstance(1, str)
assert isinstance(True, int) and isinstance(True, bool)
assert isinstance(1.0, float) and not isinstance(1, float)
assert isinstance([], list) and isinstance((), tuple) and isinstance({}, dict) and isinstance(set(), set)
assert isinstance('a', (int, str)) and not isinstance(None, (int, str))
assert isinstance(1, (str, (float, int)))

# Everything together.
names = ['root', 'swap', 'data']
devices = ['xvd' + 'abc'[i] for i, name in enumerate(names)]
assert devices == ['xvda', 'xvdb', 'xvdc']
sizes = dict(zip(names, range(1, 4)))
assert sizes == {'root': 1, 'swap': 2, 'data': 3}
assert [name for name in names if sizes[name] > 1] == ['swap', 'data']
