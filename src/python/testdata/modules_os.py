# SPDX-License-Identifier: GPL-2.0-or-later
# os and os.path.
import os
import os.path
import os.path as osp
from os import uname, path
from os.path import join as j, basename

assert os.uname()[0] == 'Linux'
assert os.uname().sysname == uname()[0]
assert len(os.uname()) == 5
sysname, nodename, release, version, machine = os.uname()
assert machine == os.uname().machine
assert os.uname()[1] == os.uname().nodename
assert os.name == 'posix' and os.sep == '/' and os.linesep == '\n' and os.path.sep == '/'

# Joining.
assert os.path.join('/a', 'b', 'c') == '/a/b/c'
assert os.path.join('/a/', 'b') == '/a/b'
assert os.path.join('/a', '/b') == '/b'
assert os.path.join('', 'b') == 'b'
assert os.path.join('a', '') == 'a/'
assert os.path.join('a') == 'a'
assert j('a', 'b') == 'a/b'
assert osp.join('x', 'y') == path.join('x', 'y')

# Taking apart.
assert os.path.basename('/a/b.img') == 'b.img'
assert basename('/a/') == ''
assert basename('a') == 'a'
assert os.path.dirname('/a/b') == '/a'
assert os.path.dirname('/a') == '/'
assert os.path.dirname('//a') == '//'
assert os.path.dirname('a') == ''
assert os.path.split('/a/b') == ('/a', 'b')
assert os.path.split('b') == ('', 'b')
assert os.path.splitext('/a.d/b.img') == ('/a.d/b', '.img')
assert os.path.splitext('/a.d/b') == ('/a.d/b', '')
assert os.path.splitext('.bashrc') == ('.bashrc', '')
assert os.path.splitext('a.tar.gz') == ('a.tar', '.gz')
assert os.path.commonprefix(['/a/bc', '/a/bd']) == '/a/b'
assert os.path.commonprefix([]) == ''
assert os.path.commonprefix(['x', 'y']) == ''

# Normal form.
assert os.path.normpath('/a/../b/./c') == '/b/c'
assert os.path.normpath('a//b/') == 'a/b'
assert os.path.normpath('') == '.'
assert os.path.normpath('../a') == '../a'
assert os.path.normpath('/..') == '/'
assert os.path.normpath('a/..') == '.'
assert os.path.normpath('//a') == '//a' and os.path.normpath('///a') == '/a'
assert os.path.isabs('/a') and not os.path.isabs('a')

# What exists.
assert os.path.exists('/') and os.path.isdir('/') and not os.path.isfile('/')
assert os.path.isfile('/etc/passwd') and not os.path.isdir('/etc/passwd')
assert not os.path.exists('/nonexistent/file')
assert not os.path.exists('')

# Environment variables.
assert 'HOME' in os.environ
assert os.environ['HOME'] == os.environ.get('HOME') == os.getenv('HOME')
assert os.environ.get('WINDSOR_NO_SUCH_VARIABLE') is None
assert os.environ.get('WINDSOR_NO_SUCH_VARIABLE', 'other') == 'other'
assert os.getenv('WINDSOR_NO_SUCH_VARIABLE', 5) == 5
assert 'WINDSOR_NO_SUCH_VARIABLE' not in os.environ
assert os.path.expanduser('~') == os.environ['HOME']
assert os.path.expanduser('~/x') == os.environ['HOME'] + '/x'
assert os.path.expanduser('/~') == '/~'
assert os.path.expanduser('a~') == 'a~'
