# SPDX-License-Identifier: GPL-2.0-or-later
# Numbers as in Python 2. Python 3 divides whole numbers by / into floating-point ones, has no literals like 0755 and
# 512L, no long, cmp() and unichr(), writes octal numbers as 0o10, and rounds halves to even.

assert 7 / 2 == 3
assert -7 / 2 == -4
assert 1 / 2 == 0
assert 7 / 2.0 == 3.5
n = 7
n /= 2
assert n == 3

assert 0755 == 493
assert 00 == 0
assert 512L == 512
assert 512l == 512
assert 0xFFL == 255
assert int('0755', 0) == 493
assert long('12L') == 12
assert long(3.7) == 3
assert isinstance(1, long)

assert oct(8) == '010'
assert oct(-8) == '-010'
assert oct(0) == '0'
assert 1 <> 2
assert not 1 <> 1
assert cmp(1, 2) == -1 and cmp(2, 1) == 1 and cmp(1, 1) == 0
assert cmp('a', 'b') == -1
assert unichr(65) == 'A'
assert reduce(lambda a, b: a * b, [1, 2, 3, 4]) == 24
assert reduce(lambda a, b: a + b, [], 7) == 7
assert reduce(lambda a, b: a + b, ['a']) == 'a'

# Halves go away from zero. Unlike Python 2's, the result without digits is a whole number.
assert round(2.5) == 3
assert round(-2.5) == -3
assert round(0.125, 2) == 0.13
assert str(round(2.5)) == '3'
