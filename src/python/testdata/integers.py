# SPDX-License-Identifier: GPL-2.0-or-later
# Arithmetic of whole numbers.

assert 1 + 2 * 3 - 4 == 3
assert (1 + 2) * 3 == 9
assert 7 // 2 == 3
assert -7 // 2 == -4
assert 7 // -2 == -4
assert -7 // -2 == 3
assert 7 % 3 == 1
assert -7 % 3 == 2
assert 7 % -3 == -2
assert -7 % -3 == -1
assert 6 % 3 == 0
for a in (-7, -1, 0, 1, 7):
    for b in (-3, -1, 1, 3):
        assert a // b * b + a % b == a
        assert divmod(a, b) == (a // b, a % b)
assert 2 ** 10 == 1024
assert -2 ** 2 == -4
assert (-2) ** 3 == -8
assert 2 ** 3 ** 2 == 512
assert 2 ** -1 == 0.5
assert 0 ** 0 == 1
assert 2 ** 62 == 4611686018427387904
assert pow(3, 4) == 81

# Bits.
assert 6 & 3 == 2
assert 6 | 3 == 7
assert 6 ^ 3 == 5
assert ~5 == -6
assert ~-1 == 0
assert 1 << 10 == 1024
assert 1024 >> 3 == 128
assert -1 >> 70 == -1
assert -5 >> 1 == -3
assert 0 << 100 == 0
assert 1 << 2 | 1 == 5
assert 6 & 3 ^ 1 == 3
assert 1 + 2 << 3 == 24

# Signs.
assert +5 == 5
assert -(-5) == 5
assert - - 5 == 5
assert abs(-3) == 3
assert abs(3) == 3
assert not -0

# Truth values count as 0 and 1.
assert True + 1 == 2
assert True * 3 == 3
assert -True == -1
assert True & False is False
assert True | False is True
assert True ^ True is False
assert True & 3 == 1

# In place.
n = 5
n += 3
n -= 1
n *= 4
n //= 3
n %= 5
assert n == 4
n **= 3
n <<= 2
n >>= 1
n |= 1
n &= 0x7f
n ^= 2
assert n == 3

# Comparison, also in a chain.
assert 1 < 2 < 3
assert not 1 < 3 < 2
assert 3 > 2 >= 2
assert 1 == 1 != 2
assert 1 <= 1
assert not 1 > 1

# Conversion from text.
assert int('12') == 12
assert int('  -12 ') == -12
assert int('+5') == 5
assert int('ff', 16) == 255
assert int('0xff', 16) == 255
assert int('0x10', 0) == 16
assert int('0b11', 0) == 3
assert int('0o17', 0) == 15
assert int('z', 36) == 35
assert int('101', base=2) == 5
assert int('-9223372036854775808') == -9223372036854775807 - 1
assert int(3.99) == 3
assert int(-3.99) == -3
assert int(True) == 1
assert int() == 0
assert hex(255) == '0xff'
assert hex(-255) == '-0xff'
assert bin(5) == '0b101'
assert bin(-5) == '-0b101'
assert int(hex(12345), 16) == 12345
