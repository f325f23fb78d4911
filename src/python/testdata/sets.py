# SPDX-License-Identifier: GPL-2.0-or-later
# Sets.
s = {3, 1, 2, 1}
assert len(s) == 3
assert 1 in s and 9 not in s
assert s == {1, 2, 3}
assert set([1, 1, 2]) == {1, 2}
assert set() == set([])
assert set('aab') == {'a', 'b'}
assert sorted(s) == [1, 2, 3]
assert not set()

s.add(4)
s.add(4)
assert s == {1, 2, 3, 4}
s.discard(4)
s.discard(99)
s.remove(3)
assert s == {1, 2}
s.update([5], (6,))
assert s == {1, 2, 5, 6}
t = s.copy()
t.clear()
assert len(s) == 4 and len(t) == 0
assert {7}.pop() == 7

# Operators and the methods that take any sequence.
a = {1, 2, 3}
b = {2, 3, 4}
assert a | b == {1, 2, 3, 4}
assert a & b == {2, 3}
assert a - b == {1}
assert a ^ b == {1, 4}
assert a.union([9]) == {1, 2, 3, 9}
assert a.intersection((1, 7)) == {1}
assert a.difference([1]) == {2, 3}
assert a.symmetric_difference([3, 5]) == {1, 2, 5}
assert a == {1, 2, 3}

# Subsets.
assert {1} < a
assert {1, 2, 3} <= a
assert not {1, 2, 3} < a
assert not {9} <= a
assert a > {1, 2}
assert a >= a.copy()
assert not {1, 9} < a and not {1, 9} > a
assert {1}.issubset([1, 2])
assert a.issuperset([1, 2])
assert not a.issuperset([9])
assert a.isdisjoint([7, 8])
assert not a.isdisjoint([3])

# In place the set itself changes.
c = d = {1}
c |= {2}
assert d == {1, 2}
c -= {1}
assert d == {2}
c &= {2, 3}
c ^= {5}
assert d == {2, 5}
assert {(1, 2), 'a'} == {'a', (1, 2)}
