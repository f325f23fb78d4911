# SPDX-License-Identifier: GPL-2.0-or-later
# Lists and tuples.

# Elements.
letters = ['a', 'b', 'c']
assert letters[0] == 'a'
assert letters[-1] == 'c'
assert letters[-3] == 'a'
assert (1, 2)[1] == 2
assert len(letters) == 3
letters[1] = 'B'
letters[-1] = 'C'
assert letters == ['a', 'B', 'C']
del letters[0]
assert letters == ['B', 'C']
del letters[-1]
assert letters == ['B']

# Joining, repeating, comparing.
assert [1] + [2, 3] == [1, 2, 3]
assert (1,) + (2,) == (1, 2)
assert [0] * 3 == [0, 0, 0]
assert 2 * (1, 2) == (1, 2, 1, 2)
assert [1] * -1 == []
assert [1, 2] == [1, 2]
assert [1, 2] != [2, 1]
assert [1] != (1,)
assert [1, 2] < [1, 3]
assert [1] < [1, 0]
assert (1, 'b') > (1, 'a')
assert [] < [0]
assert [1, 2] <= [1, 2]
assert 2 in [1, 2]
assert 3 not in (1, 2)
assert [1] in [[1], [2]]
assert 1.0 in [1]

# Two names can mean one list.
a = b = [1]
a.append(2)
assert b == [1, 2]
b += [3]
assert a == [1, 2, 3]
a += (4,)
a += 'x'
assert b == [1, 2, 3, 4, 'x']
b = b + [5]
assert a == [1, 2, 3, 4, 'x']
c = d = [1, 2]
c *= 2
assert d == [1, 2, 1, 2]
t = u = (1,)
t += (2,)
assert u == (1,)
inner = [0]
outer = [inner] * 2
inner.append(1)
assert outer == [[0, 1], [0, 1]]

# Methods.
m = [3, 1, 2]
m.append(4)
m.extend((5, 6))
m.extend('x')
assert m == [3, 1, 2, 4, 5, 6, 'x']
assert m.pop() == 'x'
assert m.pop(0) == 3
assert m.pop(-2) == 5
assert m == [1, 2, 4, 6]
m.insert(0, 0)
m.insert(2, 9)
m.insert(100, 7)
m.insert(-1, 8)
assert m == [0, 1, 9, 2, 4, 6, 8, 7]
m.remove(9)
assert m.index(4) == 3
assert [1, 2, 1].index(1, 1) == 2
assert [1, 2, 1].count(1) == 2
assert (1, 2, 1).count(1) == 2
assert (1, 2).index(2) == 1
m.reverse()
assert m == [7, 8, 6, 4, 2, 1, 0]
n = m.copy()
m.clear()
assert m == [] and len(n) == 7

# Assignment to several names at once.
a, b = 1, 2
a, b = b, a
assert (a, b) == (2, 1)
[a, b] = [3, 4]
assert a + b == 7
a, (b, c) = 1, (2, 3)
assert c == 3
(a, b), c = 'xy', 'z'
assert a + b + c == 'xyz'
pairs = [0, 0]
pairs[0], pairs[1] = 5, 6
assert pairs == [5, 6]
a = b = c = 9
assert a + b + c == 27
x, = [8]
assert x == 8

# Conversion.
assert list('ab') == ['a', 'b']
assert tuple([1, 2]) == (1, 2)
assert list((1, 2)) == [1, 2]
assert list({'k': 1}) == ['k']
assert tuple() == ()
copy = list(pairs)
copy.append(7)
assert pairs == [5, 6]
