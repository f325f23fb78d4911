# SPDX-License-Identifier: GPL-2.0-or-later
# String literals and what can be done with a string without its methods.

# Quotes and escapes.
assert 'a' "b" 'c' == "abc"
assert 'it\'s' == "it's"
assert "say \"no\"" == 'say "no"'
assert '\x41\101\t' == 'AA\t'
assert '\u0041' == 'A'
assert '\U00000042' == 'B'
assert len('\a\b\f\n\r\t\v') == 7
assert '\\' == chr(92)
assert '\0' == chr(0)
assert len('\0') == 1
assert '\
joined' == 'joined'
assert r'\n' == '\\n'
assert R"\d" == '\\d'
assert r'\'' == "\\'"
assert u'text' == 'text'
assert U'text' == 'text'
assert '''a
b''' == 'a\nb'
assert """a'b"c""" == 'a\'b"c'
assert '''it's''' == "it's"
assert '' '' == ''
assert ('long '
        'text') == 'long text'
# An escape that means nothing stays as it is.
assert r'\q' == '\\q'

# Joining and repeating.
assert 'ab' + 'cd' == 'abcd'
assert 'ab' * 3 == 'ababab'
assert 2 * 'ab' == 'abab'
assert 'ab' * 0 == ''
assert 'ab' * -1 == ''
text = 'a'
text += 'b'
text *= 2
assert text == 'abab'

# Containment, order and equality.
assert 'b' in 'abc'
assert 'bc' in 'abc'
assert '' in 'abc'
assert 'ca' not in 'abc'
assert 'a' < 'b' < 'ba'
assert 'Z' < 'a'
assert '' < 'a'
assert 'abc' >= 'abc'
assert 'abc' != 'abd'
assert not 'a' == 1
assert max('b', 'c', 'a') == 'c'

# Length, truth and iteration.
assert len('') == 0
assert len('abc') == 3
assert not ''
assert 'False'
assert list('abc') == ['a', 'b', 'c']
assert [c for c in 'ab'] == ['a', 'b']
assert sorted('hello') == ['e', 'h', 'l', 'l', 'o']

# Conversion.
assert str(12) == '12'
assert str('a') == 'a'
assert str(None) == 'None'
assert str(True) == 'True'
assert str([1, 'a']) == "[1, 'a']"
assert str() == ''
assert repr('a') == "'a'"
assert repr("it's") == '"it\'s"'
assert repr('both \' and "') == '\'both \\\' and "\''
assert repr('a\tb\n\\') == "'a\\tb\\n\\\\'"
assert repr('\x01\x7f') == "'\\x01\\x7f'"
assert repr((1,)) == '(1,)'
assert repr({'a': [1, 2.0]}) == "{'a': [1, 2.0]}"
assert repr(set()) == 'set()'
assert repr({1}) == '{1}'
assert ord('A') == 65
assert chr(97) == 'a'
assert ord(chr(233)) == 233
assert ord(chr(0x20ac)) == 0x20ac
assert ord(chr(0x1f600)) == 0x1f600
