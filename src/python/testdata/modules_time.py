# SPDX-License-Identifier: GPL-2.0-or-later
# The module time.
import time
from time import strftime, gmtime

assert time.time() > 1e9
assert isinstance(time.time(), float)

# Dates of seconds since the start of 1970.
epoch = time.gmtime(0)
assert epoch[:8] == (1970, 1, 1, 0, 0, 0, 3, 1)
assert epoch.tm_year == 1970 and epoch.tm_mon == 1 and epoch.tm_mday == 1 and epoch.tm_hour == 0
assert epoch.tm_wday == 3 and epoch.tm_yday == 1
assert len(epoch) == 9
assert time.gmtime(1e9)[:6] == (2001, 9, 9, 1, 46, 40)
assert time.gmtime(951782400)[:3] == (2000, 2, 29)
assert time.gmtime(951782400).tm_yday == 60
assert time.gmtime(-1)[:6] == (1969, 12, 31, 23, 59, 59)
assert time.gmtime(1.9)[5] == 1
assert time.gmtime(32503680000)[:3] == (3000, 1, 1)
assert time.localtime()[0] >= 2011
year, month, day = time.localtime()[:3]
assert 1 <= month <= 12 and 1 <= day <= 31

# As text.
moment = time.gmtime(1000000000)
assert strftime('%Y-%m-%d %H:%M:%S', moment) == '2001-09-09 01:46:40'
assert strftime('%F %T', moment) == '2001-09-09 01:46:40'
assert strftime('%d.%m.%y', moment) == '09.09.01'
assert strftime('%a %A %b %B', moment) == 'Sun Sunday Sep September'
assert strftime('%j %w', moment) == '252 0'
assert strftime('%I%p', moment) == '01AM'
assert strftime('%I%p', gmtime(43200)) == '12PM'
assert strftime('%e|%R|%D', moment) == ' 9|01:46|09/09/01'
assert strftime('%x %X', moment) == '09/09/01 01:46:40'
assert strftime('%c', moment) == 'Sun Sep  9 01:46:40 2001'
assert strftime('100%%', moment) == '100%'
assert strftime('', moment) == ''
assert strftime('%Y', (2011, 3, 13, 7, 6, 40, 6, 72, 0)) == '2011'
assert time.asctime(moment) == 'Sun Sep  9 01:46:40 2001'
assert len(time.ctime()) == 24 == len(time.asctime())
assert len(strftime('%Y%m%d')) == 8
name = 'backup-' + strftime('%Y%m%d', gmtime(86400 * 365))
assert name == 'backup-19710101'
