# SPDX-License-Identifier: GPL-2.0-or-later
# Sequences as in Python 2. Python 3 gives views and iterators where these are lists, and has no xrange(), iteritems(),
# itervalues(), iterkeys() and has_key().

assert range(3) == [0, 1, 2]
assert range(3) + [3] == [0, 1, 2, 3]
assert xrange(3) == [0, 1, 2]
assert zip([1], 'a') == [(1, 'a')]
assert map(str, [1]) == ['1']
assert filter(None, [0, 1]) == [1]
assert filter(lambda n: n, [0, 1])[0] == 1
assert reversed([1, 2]) == [2, 1]
assert enumerate('a') == [(0, 'a')]

d = {'a': 1, 'b': 2}
assert d.keys() == ['a', 'b']
assert d.values() == [1, 2]
assert d.items()[0] == ('a', 1)
assert d.has_key('a') and not d.has_key('z')
assert [k for k, v in d.iteritems()] == ['a', 'b']
assert list(d.itervalues()) == [1, 2]
assert list(d.iterkeys()) == ['a', 'b']
names = d.keys()
names.sort()
assert names == ['a', 'b']

# What Python 2's generators also do when they are lists: everything is made at once, and can be looked at again.
squares = (n * n for n in range(3))
assert len(squares) == 3
assert sum(squares) == 5 and sum(squares) == 5
