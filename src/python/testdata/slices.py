# SPDX-License-Identifier: GPL-2.0-or-later
# Slices of strings, lists and tuples.
text = 'abcdef'
numbers = [0, 1, 2, 3, 4, 5]

assert text[1:4] == 'bcd'
assert text[:2] == 'ab'
assert text[4:] == 'ef'
assert text[:] == text
assert text[-2:] == 'ef'
assert text[:-2] == 'abcd'
assert text[-4:-2] == 'cd'
assert text[2:2] == ''
assert text[4:2] == ''
assert text[2:100] == 'cdef'
assert text[-100:2] == 'ab'
assert text[100:] == ''

# With a step.
assert text[::2] == 'ace'
assert text[1::2] == 'bdf'
assert text[::-1] == 'fedcba'
assert text[4:1:-1] == 'edc'
assert text[:2:-1] == 'fed'
assert text[2::-1] == 'cba'
assert text[10:0:-2] == 'fdb'
assert text[::100] == 'a'
assert text[::-100] == 'f'
assert text[-1:-4:-1] == 'fed'

assert numbers[1:3] == [1, 2]
assert numbers[::-2] == [5, 3, 1]
assert numbers[-3:] == [3, 4, 5]
assert (0, 1, 2)[1:] == (1, 2)
assert (0, 1, 2)[5:] == ()
assert [][:] == []

# A slice is a copy.
copy = numbers[:]
copy.append(6)
assert len(numbers) == 6

# None stands for a bound that is left out, and bounds may be any expression.
assert text[None:2] == 'ab'
assert text[None:None:None] == text
start = 1
assert text[start:start + 2] == 'bc'
assert text[len(text) - 1:] == 'f'
assert 'sda1'[:-1] + 'sda1'[-1:] == 'sda1'
assert text[1:][1:][0] == 'c'
for i in range(-8, 9):
    assert text[:i] + text[i:] == text
