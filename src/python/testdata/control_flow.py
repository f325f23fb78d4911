# SPDX-License-Identifier: GPL-2.0-or-later
# Statements that decide what comes next.


def size(n):
    if n < 10:
        return 'small'
    elif n < 100:
        return 'medium'
    elif n < 1000:
        return 'large'
    else:
        return 'huge'


assert [size(5), size(50), size(500), size(5000)] == ['small', 'medium', 'large', 'huge']

# Loops over sequences; 'else' runs if nothing broke out.
total = 0
for i in range(10):
    if i == 3:
        continue
    if i == 6:
        break
    total += i
else:
    total = -1
assert total == 12
for i in []:
    total = 0
else:
    total = 99
assert total == 99
for i in range(3):
    pass
assert i == 2
for a, b in [(1, 2), (3, 4)]:
    total += a * b
assert total == 113
for (a, (b, c)) in [(1, (2, 3))]:
    assert a + b + c == 6
for c in 'xyz':
    if c == 'y':
        break
assert c == 'y'
for row in [[1], [2]]:
    for row[0] in [7, 8]:
        pass
    assert row == [8]
for n in 1, 2:
    last = n
assert last == 2

# Loops with a condition.
n = 5
while n > 0:
    n -= 2
else:
    n = n * 10
assert n == -10
n = 0
while True:
    n += 1
    if n % 2:
        continue
    if n > 6:
        break
else:
    n = 0
assert n == 8

# A break leaves only the loop that it stands in.
found = []
for i in range(3):
    for j in range(3):
        if j == i:
            break
        found.append((i, j))
assert found == [(1, 0), (2, 0), (2, 1)]

# The sequence is looked at once.
items = [1, 2]
for item in list(items):
    items.append(item)
assert items == [1, 2, 1, 2]

# Several statements on a line, and blocks on the line of their head.
a = 1; b = 2;
assert a + b == 3
if a: c = 'yes'
else: c = 'no'
assert c == 'yes'
for i in range(3): a += i
assert a == 4
while a < 6: a += 1
assert a == 6
if a == 6:
        b = 'deep'
        if b:
            b = 'deeper'
assert b == 'deeper'
if 1:
	tab = 'indented by a tab'
assert tab
if a == \
        6:
    c = 'continued'
assert c == 'continued'

# del removes names and elements.
name = 1
table = {'a': 1, 'b': 2}
letters = ['x', 'y', 'z']
del name, table['a'], letters[0], letters[-1]
assert table == {'b': 2} and letters == ['y']
name = 2
assert name == 2

# In-place operators look at their target's brackets once.
calls = []


def index():
    calls.append(0)
    return 0


counts = [5]
counts[index()] += 2
assert counts == [7]
assert len(calls) == 1
assert True, 'a message that nobody reads'
