# SPDX-License-Identifier: GPL-2.0-or-later
# What no version of Python does, but this language does: it is about configuration files, and about safety.

# A key with hyphens is read as one with underscores.
vif-x = 1
assert vif_x == 1

# A string is the same object as any equal one.
a = 'long text ' * 3
b = 'long text ' + 'long text ' * 2
assert a is b

# What a comprehension or a loop walks through is copied before.
items = [1, 2]
for item in items:
    items.append(item)
assert items == [1, 2, 1, 2]
d = {'a': 1}
for key in d:
    d[key + 'x'] = 1
assert d == {'a': 1, 'ax': 1}

# Sets and dictionaries keep the order of insertion, and print so.
assert str({3, 1, 2}) == '{3, 1, 2}'
assert {3, 1}.pop() == 3

# A name of the text may be one of Python's builtin names.
list = [1]
assert list == [1]
len = 5
assert len == 5

# A variable that a function assigns later is looked up outside first.
value = 1


def reads_before():
    seen = value
    value = 2
    return seen


assert reads_before() == 1

# Values that are no data still print as something.
def f(): pass
assert str(f) == '<function>' and str(max) == '<function>'
import os, re
assert str(os) == '<module>' and str(os.environ) == '<environ>' and str(re.compile('a')) == '<pattern>'
assert str(re.match('a', 'a')) == '<match>'
# The words after 'import' may stand in brackets, and a module is made once.
from os import (uname, path as p,)
from os import path
assert p is path
assert os.environ.has_key('HOME')

# Local time is what the host says, and the clock is its own.
import time
assert time.time() == 1300000000.25
assert time.localtime(0)[3] == 1 and time.gmtime(0)[3] == 0
assert time.ctime(0) == 'Thu Jan  1 01:00:00 1970'
assert time.strftime('%Y-%m-%d %H:%M') == '2011-03-13 08:06'
assert os.uname()[1] == 'falstaff'
import socket
assert socket.gethostname() == 'falstaff' == socket.getfqdn()
