# SPDX-License-Identifier: GPL-2.0-or-later
# How values are written down.

# Integers in four bases, with underscores between the digits.
assert 0x1F == 31
assert 0X1f == 31
assert 0o17 == 15
assert 0b101 == 5
assert 1_000_000 == 1000000
assert 0xff_ff == 65535
assert 0 == 00
assert 9223372036854775807 > 0
assert -9223372036854775807 - 1 < 0

# Floating-point numbers need a point or an exponent.
assert 1.5e3 == 1500.0
assert .5 == 0.5
assert 5. == 5.0
assert 1e3 == 1000
assert 1E-2 == 0.01
assert 2.5e+2 == 250
assert isinstance(1e0, float)
assert not isinstance(1, float)

# The names of constants.
assert True is not False
assert None is None
assert not None
assert True == 1 and False == 0

# Displays.
assert [1, 2, 3,] == [1, 2, 3]
assert [] == list()
assert (1,) != 1
assert () == tuple()
assert (1) == 1
assert (1, 2,) == (1, 2)
assert {} == dict()
assert {'a': 1, 'b': 2,} == {'b': 2, 'a': 1}
assert {1, 2, 2} == {2, 1}
assert len({1, 2, 2}) == 2
pair = 1, 2
assert pair == (1, 2)
single = 1,
assert single == (1,)

# A later key of the same value replaces the element, but keeps the place.
twice = {'a': 1, 'b': 2, 'a': 3}
assert list(twice.items()) == [('a', 3), ('b', 2)]

# Brackets make one line of several, and comments may stand between them.
table = [
    1,  # one

    2,
    # three is missing
]
assert table == [1, 2]
total = (1 +
         2 +
    3)
assert total == 6
