# SPDX-License-Identifier: GPL-2.0-or-later
# Order: sorted(), list.sort(), min(), max(), reversed().
assert sorted([3, 1, 2]) == [1, 2, 3]
assert sorted([3, 1, 2], reverse=True) == [3, 2, 1]
assert sorted('cab') == ['a', 'b', 'c']
assert sorted([]) == []
assert sorted((2, 1)) == [1, 2]
assert sorted([2, 1.5, True]) == [True, 1.5, 2]
assert sorted(['b', 'A', 'a', 'B']) == ['A', 'B', 'a', 'b']
assert sorted(['b', 'A'], key=lambda s: s.lower()) == ['A', 'b']
assert sorted([(2, 'a'), (1, 'b'), (1, 'a')]) == [(1, 'a'), (1, 'b'), (2, 'a')]
assert sorted(['ccc', 'a', 'bb'], key=len, reverse=True) == ['ccc', 'bb', 'a']
assert sorted([1, 2], key=None) == [1, 2]

# Equal elements keep their order, also backwards.
words = ['b1', 'a1', 'b2', 'a2']
assert sorted(words, key=lambda w: w[0]) == ['a1', 'a2', 'b1', 'b2']
assert sorted(words, key=lambda w: w[0], reverse=True) == ['b1', 'b2', 'a1', 'a2']
original = [2, 1]
assert sorted(original) is not original and original == [2, 1]

numbers = [5, 2, 9, 1]
assert numbers.sort() is None
assert numbers == [1, 2, 5, 9]
numbers.sort(reverse=True)
assert numbers == [9, 5, 2, 1]
numbers.sort(key=lambda n: n % 5)
assert numbers == [5, 1, 2, 9]
many = [(n * 7919) % 1000 for n in range(1000)]
many.sort()
assert many == list(range(1000))

assert min(3, 1, 2) == 1
assert max([3, 1, 2]) == 3
assert min('hello') == 'e'
assert max(['a', 'ccc', 'bb'], key=len) == 'ccc'
assert min(['bb', 'aa'], key=len) == 'bb'
assert min([], default=7) == 7
assert max((1, 2), (1, 3)) == (1, 3)
assert max({'a': 5, 'b': 1}) == 'b'
assert max({'a': 5, 'b': 1}.items(), key=lambda item: item[1]) == ('a', 5)

assert list(reversed([1, 2, 3])) == [3, 2, 1]
assert list(reversed('ab')) == ['b', 'a']
assert ''.join(reversed('abc')) == 'cba'
