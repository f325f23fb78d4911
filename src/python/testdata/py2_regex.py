# SPDX-License-Identifier: GPL-2.0-or-later
# re.split() ignores matches of nothing, as in Python 2; Python 3 splits there.
import re

assert re.split('x*', 'axbc') == ['a', 'bc']
assert re.split('', 'abc') == ['abc']
assert re.sub('(a)|b', r'[\1]', 'ab') == '[a][]'
# sys names the version whose rules hold where the versions differ.
import sys
assert sys.version_info[:2] == (2, 7)
assert sys.platform == 'linux2'
assert sys.maxint == 9223372036854775807
