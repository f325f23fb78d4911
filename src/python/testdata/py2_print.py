# SPDX-License-Identifier: GPL-2.0-or-later
# print is a statement, and with brackets around all that follows Python 3's function.
print
print 'a', 1
print 'no end of line',
print ('a'), 'b'
print 'a' if 1 else 'b'
print('c')
print('c', 'd', sep='-', end='\n')
print()
for n in range(2): print n,
printed = 3
assert printed == 3
if printed: print 'yes'
else: print 'no'
