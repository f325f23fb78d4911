# SPDX-License-Identifier: GPL-2.0-or-later
# Format strings.
name = 'hal'
number = 7
items = ['a', 'b']
table = {'k': 'v'}

assert f'{name}' == 'hal'
assert f'vm-{name}-{number}' == 'vm-hal-7'
assert f'' == ''
assert f'{{}}' == '{}'
assert f'{{{number}}}' == '{7}'
assert F"{name}" == 'hal'
assert f'{name}' 'x' f'{number}' == 'halx7'
assert 'x' f'{name}' == 'xhal'

# Any expression.
assert f'{1 + 1}' == '2'
assert f'{items[0]}{items[-1]}' == 'ab'
assert f"{table['k']}" == 'v'
assert f'{name.upper()}' == 'HAL'
assert f'{len(items)}' == '2'
assert f'{"yes" if number else "no"}' == 'yes'
assert f'{(lambda n: n * 2)(4)}' == '8'
assert f'{[n for n in (1, 2)]}' == '[1, 2]'
assert f'{number != 7}' == 'False'
assert f'{ number }' == '7'
assert f'{items[0:1]}' == "['a']"
assert f'{1, 2}' == '(1, 2)'

# Conversions and specifications.
assert f'{name!r}' == "'hal'"
assert f'{name!s:>5}' == '  hal'
assert f'{number:03d}' == '007'
assert f'{number:>{4}}' == '   7'
width = 5
assert f'{name:^{width}}' == ' hal '
assert f'{3.14159:.{2}f}' == '3.14'
assert f'{255:#x}' == '0xff'
assert f'{name:*<6}' == 'hal***'

# Escapes and raw ones.
assert f'a\tb{number}' == 'a\tb7'
assert rf'\d{number}' == '\\d7'
assert fr'\n' == '\\n'
assert f'''{name}
{number}''' == 'hal\n7'
