# SPDX-License-Identifier: GPL-2.0-or-later
# Strings are bytes, as in Python 2; what Python 3 counts as one character may be several elements here.

assert len('ä') == 2
assert len('€') == 3
assert 'aä'[0] == 'a'
assert 'äa'[-1] == 'a'
assert 'ä'[0] + 'ä'[1] == 'ä'
assert list('aé') == ['a', 'é'[0], 'é'[1]]
assert 'é' == '\xc3\xa9'
assert '\xe9' != u'\xe9'
assert len('\xe9') == 1 and len(u'\xe9') == 2
assert ord('\xe9') == 233
assert b'a\x00' == 'a\0'
assert 'ä'.upper() == 'ä'
assert 'Ä'.lower() == 'Ä'
assert not 'ä'.isalpha()
assert 'é'.ljust(3) == 'é '
assert ur'a' == 'a'
assert isinstance('a', basestring) and isinstance(u'a', unicode) and isinstance('a', unicode)
assert unicode('a') == 'a' and unicode(5) == '5'
assert 'text'.decode('utf-8') == 'text'
assert 'text'.encode('ascii') == 'text'
