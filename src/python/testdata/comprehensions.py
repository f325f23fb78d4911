# SPDX-License-Identifier: GPL-2.0-or-later
# Comprehensions and generators.
assert [n * 2 for n in range(3)] == [0, 2, 4]
assert [n for n in range(6) if n % 2] == [1, 3, 5]
assert [n for n in range(20) if n % 2 if n % 3 == 0] == [3, 9, 15]
assert [i * j for i in range(3) if i for j in (1, 10)] == [1, 10, 2, 20]
assert [(a, b) for a in 'ab' for b in 'xy'] == [('a', 'x'), ('a', 'y'), ('b', 'x'), ('b', 'y')]
assert [[0] * 2 for i in range(2)] == [[0, 0], [0, 0]]
assert [y for row in [[1, 2], [3]] for y in row] == [1, 2, 3]
assert [k + v for k, v in [('a', 'b')]] == ['ab']
assert [n if n else 'none' for n in (0, 1)] == ['none', 1]
assert [] == [n for n in []]

assert {k: v for k, v in [('a', 1)]} == {'a': 1}
assert {n: n * n for n in range(3)} == {0: 0, 1: 1, 2: 4}
assert {v: k for k, v in {'a': 1}.items()} == {1: 'a'}
assert {n % 3 for n in range(9)} == {0, 1, 2}

assert list(n + 1 for n in (1, 2)) == [2, 3]
assert sum(n * n for n in range(4)) == 14
assert ','.join(c.upper() for c in 'ab') == 'A,B'
assert dict((n, str(n)) for n in range(2)) == {0: '0', 1: '1'}
assert max(len(word) for word in ['a', 'bbb']) == 3
assert sorted((n for n in (2, 1)), reverse=True) == [2, 1]
assert tuple(n for n in 'ab') == ('a', 'b')

# The names inside are their own.
n = 'outer'
inside = [n for n in range(3)]
assert n == 'outer'

# The first sequence is looked up outside.
x = [1, 2]
x = [x * 2 for x in x]
assert x == [2, 4]

# Functions made inside share the last value.
functions = [lambda: i for i in range(3)]
assert [f() for f in functions] == [2, 2, 2]
kept = [lambda i=i: i for i in range(3)]
assert [f() for f in kept] == [0, 1, 2]


def inside_function(items):
    factor = 10
    return [item * factor for item in items]


assert inside_function([1, 2]) == [10, 20]
disk = ['phy:vg/%s,%s,w' % (name, dev) for name, dev in [('root', 'xvda'), ('swap', 'xvdb')]]
assert disk == ['phy:vg/root,xvda,w', 'phy:vg/swap,xvdb,w']
