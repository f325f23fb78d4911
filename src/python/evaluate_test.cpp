// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/evaluate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::python {
namespace {

using testing::HasSubstr;

Environment test_environment()
{
    Environment environment;
    environment.host_names = {"Linux", "host", "6.1.0", "#1 SMP", "x86_64"};
    environment.path_probe = [](const std::string& path, PathQuestion question) {
        return path == "/there" && question != PathQuestion::IsDirectory;
    };
    return environment;
}

// The value of `x` after the text, as Python writes it; or the refusal as "line:column: sentence".
std::string run(std::string_view text)
{
    const auto outcome = evaluate(text, test_environment());
    if (!outcome) {
        return std::to_string(outcome.error().at.line) + ":" + std::to_string(outcome.error().at.column) + ": " +
               outcome.error().message;
    }
    for (const auto& [name, binding] : outcome->bindings) {
        if (name == "x") {
            return to_text(binding.value);
        }
    }
    return "no x";
}

struct Case {
    std::string text;
    std::string expected;
};

void PrintTo(const Case& test, std::ostream* out)
{
    *out << test.text;
}

class Expressions : public testing::TestWithParam<Case> {};

TEST_P(Expressions, EvaluateAsInPython)
{
    EXPECT_EQ(run("import os, re\nx = " + GetParam().text + "\n"), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Literals, Expressions,
                         testing::Values(Case{"0755", "493"}, Case{"0o17", "15"}, Case{"0x1F", "31"},
                                         Case{"0b101", "5"}, Case{"512L", "512"}, Case{"1_000", "1000"},
                                         Case{"1.5e3", "1500.0"}, Case{"1e16", "1e+16"}, Case{".5", "0.5"},
                                         Case{"5.", "5.0"}, Case{"'a' \"b\" 'c'", "'abc'"}, Case{"r'\\n'", "'\\\\n'"},
                                         Case{"u'\\u00e9'", "'\xc3\xa9'"}, Case{"'\\x41\\101\\t'", "'AA\\t'"},
                                         Case{"b'x'", "'x'"}, Case{"'''a\nb'''", "'a\\nb'"},
                                         Case{"\"it's\"", "\"it's\""}, Case{"'a\\\nb'", "'ab'"},
                                         Case{"[1, 2,\n 3,]", "[1, 2, 3]"}, Case{"(1,)", "(1,)"}, Case{"()", "()"},
                                         Case{"1, 2", "(1, 2)"}, Case{"{'a': 1, 'b': [2]}", "{'a': 1, 'b': [2]}"},
                                         Case{"{1, 2, 1}", "[1, 2]"}, Case{"None", "None"}, Case{"True", "True"}));

INSTANTIATE_TEST_SUITE_P(Arithmetic, Expressions,
                         testing::Values(Case{"7 // 2", "3"}, Case{"-7 // 2", "-4"}, Case{"-7 % 3", "2"},
                                         Case{"7 % -3", "-2"}, Case{"7 / 2", "3"}, Case{"7 / 2.0", "3.5"},
                                         Case{"-7.5 % 2", "0.5"}, Case{"2 ** 10", "1024"}, Case{"2 ** -1", "0.5"},
                                         Case{"-2 ** 2", "-4"}, Case{"2 ** 3 ** 2", "512"}, Case{"1 << 10 | 1", "1025"},
                                         Case{"~5", "-6"}, Case{"6 & 3 ^ 1", "3"}, Case{"-1 >> 70", "-1"},
                                         Case{"1 + 2 * 3 - 4", "3"}, Case{"(1 + 2) * 3", "9"},
                                         Case{"'ab' * 2 + 'c'", "'ababc'"}, Case{"[0] * 3", "[0, 0, 0]"},
                                         Case{"True + 1", "2"}, Case{"not 1 or 2", "2"}, Case{"0 or '' or 'x'", "'x'"},
                                         Case{"1 and 0", "0"}));

INSTANTIATE_TEST_SUITE_P(Comparisons, Expressions,
                         testing::Values(Case{"1 < 2 < 3", "True"}, Case{"1 < 3 < 2", "False"},
                                         Case{"1 == 1.0 != 2", "True"}, Case{"1 <> 2", "True"},
                                         Case{"'a' in 'abc'", "True"}, Case{"2 not in [1, 3]", "True"},
                                         Case{"'k' in {'k': 1}", "True"}, Case{"None is None", "True"},
                                         Case{"1 is not None", "True"}, Case{"[1, 2] < [1, 3]", "True"},
                                         Case{"(1, 2) == (1, 2)", "True"}, Case{"[1] == (1,)", "False"},
                                         Case{"1 if 2 > 1 else 3", "1"}, Case{"'b' > 'a'", "True"}));

INSTANTIATE_TEST_SUITE_P(Formatting, Expressions,
                         testing::Values(Case{"'%s-%d' % ('a', 7)", "'a-7'"}, Case{"'%05.1f|' % 3.14159", "'003.1|'"},
                                         Case{"'%-5s|%5s' % ('a', 'b')", "'a    |    b'"},
                                         Case{"'%x %X %o %#x' % (255, 255, 8, 255)", "'ff FF 10 0xff'"},
                                         Case{"'%(k)s' % {'k': 1}", "'1'"}, Case{"'%%' % ()", "'%'"},
                                         Case{"'%r' % 'q'", "\"'q'\""}, Case{"'%02d:%02d' % (1, 2)", "'01:02'"},
                                         Case{"'%+d % d' % (1, 2)", "'+1  2'"}, Case{"'%*d' % (4, 7)", "'   7'"},
                                         Case{"'%c%c' % (65, 'b')", "'Ab'"}, Case{"'%e' % 12345.678", "'1.234568e+04'"},
                                         Case{"'%.3s' % 'abcdef'", "'abc'"}, Case{"'{} {}'.format(1, 'b')", "'1 b'"},
                                         Case{"'{1}{0}'.format('a', 'b')", "'ba'"},
                                         Case{"'{n:>4}|{n:<4}|{n:^4}'.format(n=7)", "'   7|7   | 7  '"},
                                         Case{"'{:05d} {:x} {:,}'.format(42, 255, 1234567)", "'00042 ff 1,234,567'"},
                                         Case{"'{0[1]}{0[0]}'.format([1, 2])", "'21'"}, Case{"'{{}}'.format()", "'{}'"},
                                         Case{"'{!r}'.format('a')", "\"'a'\""}, Case{"'{:.2f}'.format(2)", "'2.00'"},
                                         Case{"'{:{w}}|'.format('a', w=3)", "'a  |'"},
                                         Case{"f'{1 + 1}-{\"a\"!r:>5}'", "\"2-  'a'\""},
                                         Case{"f'{3.14159:.{2}f}'", "'3.14'"}, Case{"f'{{x}}' 'y'", "'{x}y'"},
                                         Case{"rf'\\d{1}'", "'\\\\d1'"}, Case{"f'{os.uname()[4]}'", "'x86_64'"},
                                         Case{"str(1.0) + str(None) + repr('a')", "\"1.0None'a'\""}));

INSTANTIATE_TEST_SUITE_P(
    Builtins, Expressions,
    testing::Values(
        Case{"range(3)", "[0, 1, 2]"}, Case{"list(xrange(5, 0, -2))", "[5, 3, 1]"},
        Case{"len('abc') + len([1]) + len({})", "4"}, Case{"list(enumerate(['a', 'b'], 1))", "[(1, 'a'), (2, 'b')]"},
        Case{"zip([1, 2], 'ab')", "[(1, 'a'), (2, 'b')]"}, Case{"sorted([3, 1, 2], reverse=True)", "[3, 2, 1]"},
        Case{"sorted(['bb', 'a'], key=len)", "['a', 'bb']"}, Case{"sorted({'b': 1, 'a': 2})", "['a', 'b']"},
        Case{"min(3, 1, 2) + max([4, 5])", "6"}, Case{"sum([1, 2], 3)", "6"},
        Case{"sum(n * n for n in range(4))", "14"}, Case{"abs(-3)", "3"},
        Case{"int('0x10', 16) + int('12') + int(3.9)", "31"}, Case{"int('0755', 0)", "493"},
        Case{"float('1.5') + 1", "2.5"}, Case{"bool([])", "False"}, Case{"chr(65) + str(ord('a'))", "'A97'"},
        Case{"dict(a=1, b=2)", "{'a': 1, 'b': 2}"}, Case{"dict([('a', 1)])", "{'a': 1}"},
        Case{"tuple('ab')", "('a', 'b')"}, Case{"any([0, 1]) and all([1, 1])", "True"},
        Case{"list(map(lambda n: n + 1, [1, 2]))", "[2, 3]"}, Case{"filter(None, [0, 1])", "[1]"},
        Case{"isinstance('a', (int, str))", "True"}, Case{"isinstance(1, str)", "False"},
        Case{"list(reversed([1, 2]))", "[2, 1]"}, Case{"hex(255)", "'0xff'"}, Case{"round(2.567, 2)", "2.57"}));

INSTANTIATE_TEST_SUITE_P(
    Methods, Expressions,
    testing::Values(Case{"'a,b,,c'.split(',')", "['a', 'b', '', 'c']"}, Case{"' a  b '.split()", "['a', 'b']"},
                    Case{"'a b c'.split(None, 1)", "['a', 'b c']"}, Case{"'a.b.c'.rsplit('.', 1)", "['a.b', 'c']"},
                    Case{"'-'.join(['a', 'b'])", "'a-b'"}, Case{"' x '.strip() + 'xxa'.lstrip('x')", "'xa'"},
                    Case{"'abc'.upper() + 'ABC'.lower()", "'ABCabc'"}, Case{"'aXbX'.replace('X', '-', 1)", "'a-bX'"},
                    Case{"'file.img'.endswith(('.iso', '.img'))", "True"},
                    Case{"'abcb'.find('b') + 'abcb'.rfind('b') + 'a'.find('z')", "3"}, Case{"'aaa'.count('a')", "3"},
                    Case{"'abcb'.rindex('b')", "3"}, Case{"'hda1'.removeprefix('hd').removesuffix('1')", "'a'"},
                    Case{"'7'.zfill(3) + '-7'.zfill(3)", "'007-07'"},
                    Case{"'a=b=c'.partition('=')", "('a', '=', 'b=c')"}, Case{"'12'.isdigit()", "True"},
                    Case{"'ab'.center(4, '*') + 'a'.ljust(2) + 'a'.rjust(2)", "'*ab*a  a'"},
                    Case{"'abcdef'[1:4] + 'abc'[-1] + 'abc'[::-1]", "'bcdccba'"}, Case{"[1, 2, 3, 4][::2]", "[1, 3]"},
                    Case{"[1, 2, 3][-2:]", "[2, 3]"}, Case{"(1, 2, 3)[5:]", "()"}, Case{"[1, 2, 3][10:0:-1]", "[3, 2]"},
                    Case{"{'a': 1}.get('b', 2)", "2"}, Case{"sorted({'a': 1}.items())", "[('a', 1)]"},
                    Case{"{'a': 1}.has_key('a')", "True"}, Case{"[1, 2, 1].count(1) + [5, 6].index(6)", "3"},
                    Case{"'one two'.title()", "'One Two'"}));

INSTANTIATE_TEST_SUITE_P(
    Modules, Expressions,
    testing::Values(
        Case{"os.uname().machine + os.uname()[0]", "'x86_64Linux'"}, Case{"os.path.join('/a', 'b', 'c')", "'/a/b/c'"},
        Case{"os.path.join('/a/', '/b')", "'/b'"}, Case{"os.path.basename('/a/b.img')", "'b.img'"},
        Case{"os.path.dirname('/a/b')", "'/a'"}, Case{"os.path.dirname('/a')", "'/'"},
        Case{"os.path.splitext('/a.d/b.img')", "('/a.d/b', '.img')"},
        Case{"os.path.splitext('.bashrc')", "('.bashrc', '')"}, Case{"os.path.exists('/there')", "True"},
        Case{"os.path.exists('/away')", "False"}, Case{"os.path.isdir('/there')", "False"},
        Case{"os.path.normpath('/a/../b/./c')", "'/b/c'"}, Case{"bool(re.search('64', os.uname()[4]))", "True"},
        Case{"re.match('6', 'x86')", "None"}, Case{"re.search(r'(\\d+)-(\\d+)', 'a12-34').groups()", "('12', '34')"},
        Case{"re.search('(?P<n>b+)', 'abbc').group('n')", "'bb'"}, Case{"re.sub('[aeiou]', '*', 'hello')", "'h*ll*'"},
        Case{"re.sub(r'(\\w)(\\d)', r'\\2\\1', 'a1 b2')", "'1a 2b'"},
        Case{"re.sub('b', lambda m: m.group(0).upper(), 'abc')", "'aBc'"},
        Case{"re.findall('[0-9]+', 'a1b22')", "['1', '22']"}, Case{"re.split(', *', 'a, b,c')", "['a', 'b', 'c']"},
        Case{"re.search('ABC', 'xabc', re.I).span()", "(1, 4)"}, Case{"re.compile('a+').match('aab').end()", "2"},
        Case{"re.sub('x*', '-', 'ab')", "'-a-b-'"}));

class Programs : public testing::TestWithParam<Case> {};

TEST_P(Programs, RunAsInPython)
{
    EXPECT_EQ(run(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Statements, Programs,
    testing::Values(
        Case{
            "x = 0\nfor i in range(10):\n    if i == 3: continue\n    if i == 6: break\n"
            "    x += i\nelse:\n    x = -1\n",
            "12"},
        Case{"x = 5\nwhile x > 0:\n\tx -= 2\nelse:\n\tx = x * 10\n", "-10"},
        Case{"def f(a, b=2):\n    'doc'\n    return a * b\nx = [f(1), f(1, 3), f(b=4, a=2)]\n", "[2, 3, 8]"},
        Case{"def fact(n):\n  return 1 if n < 2 else n * fact(n - 1)\nx = fact(20)\n", "2432902008176640000"},
        Case{"def counter():\n    global n\n    n += 1\nn = 0\ncounter(); counter()\nx = n\n", "2"},
        Case{"def outer(k):\n    return lambda n: n + k\nx = outer(3)(4)\n", "7"},
        Case{"a, (b, c) = 1, (2, 3)\nx = [c, b, a]\n", "[3, 2, 1]"},
        Case{"a = b = [1]\na.append(2)\nx = b\n", "[1, 2]"}, Case{"x = [1]\ny = x\nx += [2]\nx = y\n", "[1, 2]"},
        Case{"x = [i * j for i in range(3) if i for j in (1, 10)]\n", "[1, 10, 2, 20]"},
        Case{"x = {k: v for k, v in [('a', 1)]}\n", "{'a': 1}"},
        Case{"x = {}\nx['k'] = 1\nx['k'] += 1\ndel x['k']\nx['z'] = 0\n", "{'z': 0}"},
        Case{"x = [3, 1]\nx.sort()\nx.insert(0, 9); x.extend([7]); x.pop(1)\n", "[9, 3, 7]"},
        Case{"from os import uname\nfrom os.path import join as j\nx = j('/a', uname()[0])\n", "'/a/Linux'"},
        Case{"import os.path\nx = os.path.basename('/b')\n", "'b'"}, Case{"x = 1 + \\\n 2\n", "3"},
        Case{"if 0:\n  x = 1\nelif 1:\n  x = 2\nelse:\n  x = 3\n", "2"}, Case{"x = 1; y = 2;\n", "1"},
        Case{"\xef\xbb\xbfx = 1\r\nif x:\r\n  x = 2\r\n", "2"},
        Case{"# coding: utf-8\n\n   # indented comment\nx = 'a' # trailing\n", "'a'"},
        Case{"x = [\n  1, # one\n\n  2\n]", "[1, 2]"}, Case{"if 1: x = 1", "1"}, Case{"vif-x = 1\nx = vif_x", "1"}));

INSTANTIATE_TEST_SUITE_P(
    Refusals, Programs,
    testing::Values(
        Case{"def f(a, b=2, *, c): pass\n", "1:15: parameters with '*' are not available in the xm language"},
        Case{"x = open('a')", "1:5: 'open' is not available in the xm language"},
        Case{"import os\nos.system('rm')", "2:4: 'os.system' is not available in the xm language"},
        Case{"from subprocess import call",
             "1:6: import of 'subprocess' is not available in the xm language; its modules are os, os.path, re, "
             "socket, string, sys and time"},
        Case{"from os import *", "1:6: 'from os import *' is not available in the xm language; name what is needed"},
        Case{"try:\n  x = 1\nexcept: pass", "1:1: 'try' is not available in the xm language"},
        Case{"a, *b = [1, 2]", "1:4: unpacking with '*' is not available in the xm language"},
        Case{"x = [*range(3)]", "1:6: unpacking with '*' is not available in the xm language"},
        Case{"x = (n := 5)", "1:8: assignment by ':=' is not available in the xm language"},
        Case{"class A: pass", "1:1: 'class' is not available in the xm language"},
        Case{"x = ''.__class__", "1:8: the attribute '__class__' is not available in the xm language"},
        Case{"x = nonesuch", "1:5: the name 'nonesuch' is not defined"}, Case{"x = 1 / 0", "1:7: this divides by zero"},
        Case{"x = 1 +", "1:8: a value is expected here, but the line ends"}, Case{"x = (1", "1:5: '(' is never closed"},
        Case{"x = 'a", "1:5: this string has no closing quote"},
        Case{"x = 1\n  y = 2", "2:3: this line is indented, but nothing above it opens a block"},
        Case{"if 1:\nx = 1", "2:1: an indented block is expected here"},
        Case{"if 1:\n    x = 1\n  y = 2", "3:3: this line's indentation matches no line above it"},
        Case{"x = 9223372036854775807 + 1", "1:25: the result of '+' does not fit in 64 bits"},
        Case{"x = 99999999999999999999", "1:5: the integer 99999999999999999999 does not fit in 64 bits"},
        Case{"x = 2 ** 64", "1:7: the result of '**' does not fit in 64 bits"},
        Case{"x = 1 + 'a'", "1:7: '+' cannot be applied to values of type 'int' and 'str'"},
        Case{"x = [1][5]", "1:8: index 5 is outside this value of type 'list', which has 1 element"},
        Case{"a, b = 1, 2, 3", "1:1: 3 values cannot be unpacked into 2 names"},
        Case{"x = '%d' % 'a'", "1:10: a formatted number must be an integer, not of type 'str'"},
        Case{"return 1", "1:1: 'return' stands outside a function"},
        Case{"break", "1:1: 'break' stands outside a loop"},
        Case{"x = 1 = 2", "1:5: this cannot be assigned to; a key and its value are written KEY = VALUE"},
        Case{"x y", "1:3: the end of the statement is expected here, but there is 'y'"},
        Case{"import re\nx = re.search('(', '')", "2:8: a '(' in the pattern is never closed"},
        Case{"@a\ndef f(): pass", "1:1: decorators are not available in the xm language"}));

INSTANTIATE_TEST_SUITE_P(
    LimitsAreKept, Programs,
    testing::Values(
        Case{"while True: pass", "1:13: the evaluation takes more than 1000000 steps"},
        Case{"x = range(10 ** 9)", "1:5: the evaluation takes more than 1000000 steps"},
        Case{"x = 'a' * 10 ** 12", "1:9: a string grows longer than 1048576 bytes"},
        Case{"x = 'a' * 1000000\ny = [x + x[1:] for i in range(100)]", "2:8: a string grows longer than 1048576 bytes"},
        Case{"x = [0] * 10 ** 15", "1:9: the evaluation needs more than 64 MiB of memory"},
        Case{"def f(n): return f(n + 1)\nf(0)", "1:22: calls and expressions are nested more than 600 levels deep"},
        Case{"x = []\nx.append(x)", "1:5: calls and expressions are nested more than 600 levels deep"},
        Case{"import re\nre.search('(a*)*b', 'a' * 5000)", "2:4: matching this pattern takes too many steps"},
        Case{"x = [1]\nfor i in range(60): x = [x, x]", "2:25: the evaluation takes more than 1000000 steps"},
        Case{"x = '%100000d' % 1", "1:16: a width or precision of more than 10000 is not available"},
        Case{"x = " + std::string(200, '(') + "1" + std::string(200, ')'),
             "1:54: this is nested more than 100 levels deep"},
        Case{"x = " + std::string(300, '-') + "1", "1:103: this is nested more than 100 levels deep"}));

TEST(Evaluate, PlacesOfListElementsFollowAppending)
{
    const auto outcome = evaluate("disk = [ 'a',\n  'b' ]\ndisk += ['c']\nother = list('ab')\n", test_environment());
    ASSERT_TRUE(outcome.has_value());
    const auto& disk = outcome->bindings.at(0).second;
    EXPECT_THAT(disk.items, testing::ElementsAre(Position{1, 10}, Position{2, 3}, Position{3, 10}));
    EXPECT_TRUE(outcome->bindings.at(1).second.items.empty());
}

TEST(Evaluate, ThePrintedTextIsCollected)
{
    const auto outcome =
        evaluate("print\nprint 'a', 1\nprint('b')\nprint('c', end='')\nprint('d')\n", test_environment());
    ASSERT_TRUE(outcome.has_value());
    EXPECT_THAT(outcome->printed, testing::ElementsAre("", "a 1", "b", "cd"));
}

TEST(Evaluate, PredefinedVariablesAreSeen)
{
    auto environment = test_environment();
    environment.predefined = {{"vmid", Value{3}}};
    const auto outcome = evaluate("name = 'vm%d' % vmid", environment);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->bindings.at(0).second.value, Value{"vm3"});
    EXPECT_EQ(outcome->bindings.size(), 1U);
}

} // namespace
} // namespace windsor::python
