# SPDX-License-Identifier: GPL-2.0-or-later
# Functions and their variables.


def nothing():
    pass


def documented():
    'What it does.'
    return 1


def add(a, b=2):
    return a + b


assert nothing() is None
assert documented() == 1
assert add(1) == 3
assert add(1, 1) == 2
assert add(1, b=5) == 6
assert add(b=1, a=0) == 1


def early(n):
    if n < 0:
        return 'negative'
    for i in range(10):
        if i == n:
            return 'found'
    return 'large'


assert [early(-1), early(3), early(30)] == ['negative', 'found', 'large']


def several():
    return 1, 'two'


number, word = several()
assert word == 'two'

# A default is made once.


def remember(item, seen=[]):
    seen.append(item)
    return len(seen)


assert remember('a') == 1
assert remember('b') == 2
assert remember('c', []) == 1

base = 10


def with_base(n, by=base):
    return n + by


base = 20
assert with_base(1) == 11

# Recursion.


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


assert factorial(20) == 2432902008176640000
assert even(10) and not even(7)

# Functions inside functions see the variables around them, as they are when called.


def counter(start):
    def make(step):
        return lambda: start + step
    return make(5)


assert counter(1)() == 6


def outer():
    value = 1

    def inner():
        return value
    value = 2
    return inner()


assert outer() == 2

# Assignment makes a variable of the function's own, unless it is declared global.
level = 0


def local():
    level = 5
    return level


def really():
    global level, made
    level = 7
    made = 'here'


assert local() == 5 and level == 0
really()
assert level == 7 and made == 'here'


def shadowing():
    level = 1

    def reads_global():
        global level
        return level
    return reads_global()


assert shadowing() == 7

# What is changed, and not assigned, needs no declaration.
log = []


def note(text):
    log.append(text)


note('a')
note('b')
assert log == ['a', 'b']

# Lambdas and functions as values.
assert (lambda: 1)() == 1
assert (lambda a, b=3: a * b)(2) == 6
assert list(map(lambda n: n + 1, [1, 2])) == [2, 3]
table = {'double': lambda n: n * 2, 'len': len}
assert table['double'](4) == 8
assert table['len']('abc') == 3
apply_twice = lambda f, n: f(f(n))
assert apply_twice(lambda n: n * 3, 1) == 9
assert callable(add) and callable(len) and callable('a'.upper) and not callable(1)
alias = add
assert alias is add
def one_line(n): return n * 2
assert one_line(4) == 8


def annotated() -> int:
    return 4


assert annotated() == 4
