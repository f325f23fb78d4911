# SPDX-License-Identifier: GPL-2.0-or-later
# Conditions.
calls = []


def note(value):
    calls.append(value)
    return value


# 'and' and 'or' give one of their operands and look no further than they must.
assert (0 or 'x') == 'x'
assert (0 or '' or None) is None
assert (1 and 0) == 0
assert (1 and 'x') == 'x'
assert ('' and 1) == ''
assert note(1) or note(2)
assert calls == [1]
calls = []
assert not (note(0) and note(2))
assert calls == [0]
assert not 1 == 2
assert not (1 and not 1)
assert (not 0) is True
assert (not 'a') is False
assert 1 or 0 and 0
assert not (0 and 0 or 0)

# One of two values.
assert (1 if True else 2) == 1
assert (1 if False else 2) == 2
assert (1 if 0 else 2 if 0 else 3) == 3
calls = []
value = note('a') if 1 else note('b')
assert calls == ['a']

# What counts as true.
for something in (1, -1, 0.5, 'a', ' ', [0], (0,), {0: 0}, {0}, len, True):
    assert something
    assert bool(something) is True
for nothing in (0, 0.0, '', [], (), {}, set(), None, False):
    assert not nothing
    assert bool(nothing) is False
assert bool() is False

# Chains compare each operand once.
calls = []
assert note(1) < note(2) < note(3)
assert calls == [1, 2, 3]
calls = []
assert not note(3) < note(2) < note(1)
assert calls == [3, 2]
assert 1 < 2 > 1
assert 'a' in 'ab' in ['ab']

# Identity.
assert None is None
a = []
b = a
assert a is b
assert a is not []
assert not (a is [])
assert any([0, 1]) and not any([]) and not any([0, ''])
assert all([1, 'a']) and all([]) and not all([1, 0])
assert any(n > 2 for n in range(4))
assert not all(n > 2 for n in range(4))
