# SPDX-License-Identifier: GPL-2.0-or-later
# sys and socket.
import socket, sys
import socket as s
from sys import platform

assert socket.gethostname() == s.gethostname() != ''
assert isinstance(socket.getfqdn(), str)
name = 'vm-' + socket.gethostname().split('.')[0]
assert name.startswith('vm-')
assert platform.startswith('linux')
assert sys.byteorder == 'little'
assert sys.maxsize == 9223372036854775807
assert sys.version_info >= (2, 6)
assert sys.version_info[0] in (2, 3)
assert sys.version_info.major == sys.version_info[0]
assert sys.version[0] in '23'
