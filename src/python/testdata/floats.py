# SPDX-License-Identifier: GPL-2.0-or-later
# Arithmetic of floating-point numbers.

assert 7 / 2.0 == 3.5
assert 1.5 + 1 == 2.5
assert 2 * 1.5 == 3.0
assert 1.0 == 1
assert 0.1 + 0.2 != 0.3
assert 7.5 // 2 == 3.0
assert -7.5 // 2 == -4.0
assert 1.0 // 0.1 == 9.0
assert 0.3 // 0.1 == 2.0
assert 7.5 % 2 == 1.5
assert -7.5 % 2 == 0.5
assert 7.5 % -2 == -0.5
assert str(-6.0 % 3) == '0.0'
assert str(6.0 % -3) == '-0.0'
assert divmod(7.5, 2) == (3.0, 1.5)
assert 1e16 // 3.14159 == 3183101550488764.0
assert str(-12345 // -1e22) == '0.0'
assert 2.0 ** 3 == 8.0
assert 4 ** 0.5 == 2.0
assert 2 ** -2 == 0.25
assert -2.5 == 0 - 2.5
assert abs(-2.5) == 2.5
assert isinstance(4.0 // 2, float)
assert isinstance(2 ** 0.5, float)

# Comparison with whole numbers.
assert 1.5 > 1
assert 1 < 1.5 < 2
assert max(1, 2.5) == 2.5
assert min(1, 0.5) == 0.5
assert 0.0 == -0.0
assert not 0.0

# As text.
assert str(1.0) == '1.0'
assert str(0.1) == '0.1'
assert str(1e16) == '1e+16'
assert str(1e15) == '1000000000000000.0'
assert str(1e-5) == '1e-05'
assert str(0.0001) == '0.0001'
assert str(123456789.125) == '123456789.125'
assert str(0.1 + 0.2) == '0.30000000000000004'
assert str(-0.0) == '-0.0'
assert repr(1e300 * 1e10) == 'inf'
assert repr(-1e300 * 1e10) == '-inf'

# From text.
assert float('1.5') == 1.5
assert float(' -1.5 ') == -1.5
assert float('+.5') == 0.5
assert float('5.') == 5.0
assert float('1e3') == 1000.0
assert float('2') == 2.0
assert float(2) == 2.0
assert float() == 0.0
assert float('inf') > 1e308
assert float('-inf') < -1e308
nan = float('nan')
assert nan != nan
assert not nan < 1 and not nan > 1

# Rounding to digits is exact: 2.675 is a little less than it looks.
assert round(2.567, 2) == 2.57
assert round(2.675, 2) == 2.67
assert round(1.005, 2) == 1.0
assert round(-2.567, 1) == -2.6
assert round(1234.5, -2) == 1200.0
assert round(2.7) == 3
assert round(-2.7) == -3
assert round(2.2) == 2
assert round(5) == 5
assert round(1e30, 2) == 1e30
assert round(1.5, 30) == 1.5
