# SPDX-License-Identifier: GPL-2.0-or-later
# Text beyond ASCII, as far as one need not know that strings are UTF-8 here: see py2_bytes.py.
name = 'Käthe'
assert name == 'K\u00e4the'
assert name == u'K\xe4the'
assert u'\344' == '\u00e4'
assert 'ä' in name
assert name.startswith('Kä')
assert name + 'ö' == 'Kätheö'
assert name.replace('ä', 'ae') == 'Kaethe'
assert name.split('ä') == ['K', 'the']
assert '%s' % name == 'Käthe'
assert '{}'.format(name) == 'Käthe'
assert f'{name}!' == 'Käthe!'
assert '%-7s|' % name == 'Käthe  |'
assert '{:>7}'.format(name) == '  Käthe'
assert '\U0001f600' == '😀'
assert 'a' < 'ä' < '€'
assert sorted(['ö', 'ä', 'z']) == ['z', 'ä', 'ö']
assert {'ä': 1}['ä'] == 1
assert ','.join(['ä', 'ö']) == 'ä,ö'
assert 'ä'.replace('', '-') == '-ä-'
assert repr('ä') == "'ä'"
assert chr(228) == 'ä'
assert ord('ä') == 228
assert ord('€') == 0x20ac
assert 'ä'.encode('utf-8').decode('utf-8') == 'ä'
