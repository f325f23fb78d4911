# SPDX-License-Identifier: GPL-2.0-or-later
# The '%' operator of strings.

# Texts.
assert '%s' % 'a' == 'a'
assert '%s-%s' % ('a', 1) == 'a-1'
assert '%s' % None == 'None'
assert '%s' % [1, 2] == '[1, 2]'
assert '%s' % ((1, 2),) == '(1, 2)'
assert '%r' % 'q' == "'q'"
assert '%5s|%-5s|' % ('a', 'b') == '    a|b    |'
assert '%.2s' % 'abcdef' == 'ab'
assert '%5.1s|' % 'abc' == '    a|'
assert '%05s' % 'a' == '    a'
assert '%c%c' % (65, 'b') == 'Ab'
assert '%05c|' % 'a' == '    a|'
assert '%.0c' % 'a' == 'a'
assert '%%' % () == '%'
assert '100%%' % () == '100%'
assert '%s%%' % 5 == '5%'
assert '' % () == ''
assert 'plain' % {} == 'plain'

# Integers.
assert '%d' % 42 == '42'
assert '%i' % -42 == '-42'
assert '%u' % 42 == '42'
assert '%d' % 3.99 == '3'
assert '%d' % -3.99 == '-3'
assert '%d' % True == '1'
assert '%5d|%-5d|%05d' % (42, 42, 42) == '   42|42   |00042'
assert '%05d' % -42 == '-0042'
assert '%+d %+d' % (1, -1) == '+1 -1'
assert '% d % d' % (1, -1) == ' 1 -1'
assert '%.3d' % 5 == '005'
assert '%5.3d|' % -5 == ' -005|'
assert '%ld' % 5 == '5'
assert '%x %X' % (255, 255) == 'ff FF'
assert '%x' % -255 == '-ff'
assert '%#x %#X' % (255, 255) == '0xff 0XFF'
assert '%o' % 8 == '10'
assert '%06x' % 0x1a2b == '001a2b'
assert '%02x:%02x' % (0, 22) == '00:16'
assert '%#06x' % 255 == '0x00ff'
assert '%-06d|' % 5 == '5     |'
assert '%d' % 9223372036854775807 == '9223372036854775807'

# Floating-point numbers.
assert '%f' % 1.5 == '1.500000'
assert '%.2f' % 3.14159 == '3.14'
assert '%5.1f|' % 3.14159 == '  3.1|'
assert '%05.1f|' % 3.14159 == '003.1|'
assert '%.0f' % 2.6 == '3'
assert '%#.0f' % 2.6 == '3.'
assert '%f' % 2 == '2.000000'
assert '%e' % 12345.678 == '1.234568e+04'
assert '%E' % 0.00012 == '1.200000E-04'
assert '%g' % 0.0001 == '0.0001'
assert '%g' % 1e10 == '1e+10'
assert '%g' % 100000.0 == '100000'
assert '%G' % 1e-10 == '1E-10'
assert '%+.1f' % 1.25 == '+1.2'
assert '%-8.2f|' % 1.5 == '1.50    |'
assert '%f' % float('inf') == 'inf'
assert '%f' % float('-inf') == '-inf'

# Widths and precisions from the values.
assert '%*d' % (4, 7) == '   7'
assert '%-*d|' % (4, 7) == '7   |'
assert '%*d|' % (-4, 7) == '7   |'
assert '%.*f' % (2, 1.23456) == '1.23'
assert '%*.*f' % (6, 1, 2.345) == '   2.3'

# By name.
assert '%(a)s-%(b)d' % {'a': 'x', 'b': 2} == 'x-2'
assert '%(a)s%(a)s' % {'a': 1} == '11'
assert '%(a)05d' % {'a': 1} == '00001'
assert '%(key with blank)s' % {'key with blank': 1} == '1'
assert '%s' % {'a': 1} == "{'a': 1}"

# It binds like a multiplication, from the left.
assert '%d' % 2 * 3 == '222'
assert '%s' % 'a' + 'b' == 'ab'
name = 'vm%02d' % 7
assert name == 'vm07'
