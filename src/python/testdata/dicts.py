# SPDX-License-Identifier: GPL-2.0-or-later
# Dictionaries.
d = {'a': 1, 'b': 2}
assert d['a'] == 1
assert len(d) == 2
assert 'a' in d and 'z' not in d
d['c'] = 3
d['a'] = 9
assert list(d) == ['a', 'b', 'c']
assert list(d.values()) == [9, 2, 3]
assert list(d.items()) == [('a', 9), ('b', 2), ('c', 3)]
assert list(d.keys()) == ['a', 'b', 'c']
del d['b']
assert list(d) == ['a', 'c']
d['c'] += 1
assert d['c'] == 4

# Reading what may be missing.
assert d.get('a') == 9
assert d.get('z') is None
assert d.get('z', 5) == 5
assert d.setdefault('a', 1) == 9
assert d.setdefault('n', []) == []
d['n'].append(1)
assert d == {'a': 9, 'c': 4, 'n': [1]}
assert d.setdefault('none') is None
assert d.pop('none') is None
assert d.pop('z', 'other') == 'other'
assert d.pop('n') == [1]

# Changing several.
d.update({'a': 1, 'x': 2})
d.update([('y', 3), ['z', 4]])
d.update(w=5)
assert d == {'a': 1, 'c': 4, 'x': 2, 'y': 3, 'z': 4, 'w': 5}
e = d.copy()
e.clear()
assert e == {} and len(d) == 6
assert {'k': 1}.popitem() == ('k', 1)

# Making them.
assert dict() == {}
assert dict(a=1, b=2) == {'a': 1, 'b': 2}
assert dict([('a', 1)]) == {'a': 1}
assert dict({'a': 1}, b=2) == {'a': 1, 'b': 2}
assert dict(zip('ab', [1, 2])) == {'a': 1, 'b': 2}
assert dict({'a': 1}) == {'a': 1}

# Keys are anything that cannot change; equal ones are one.
mixed = {1: 'int', 'one': 'str', (1, 2): 'tuple', None: 'none', 2.5: 'float'}
assert mixed[1.0] == 'int'
assert mixed[True] == 'int'
assert mixed[(1, 2)] == 'tuple'
assert mixed[None] == 'none'
assert mixed[2.5] == 'float'

# The order does not matter for equality.
assert {'a': 1, 'b': 2} == {'b': 2, 'a': 1}
assert {'a': 1} != {'a': 2}
assert {'a': 1} != {'b': 1}

# Walking through.
keys = []
for key in {'x': 1, 'y': 2}:
    keys.append(key)
assert keys == ['x', 'y']
total = 0
for key, value in {'x': 1, 'y': 2}.items():
    total += value
assert total == 3
assert sorted({'b': 1, 'a': 2}) == ['a', 'b']
assert max({'a': 1, 'b': 2}) == 'b'
nested = {'a': {'b': {'c': 1}}}
assert nested['a']['b']['c'] == 1
nested['a']['b']['d'] = 2
assert nested == {'a': {'b': {'c': 1, 'd': 2}}}
