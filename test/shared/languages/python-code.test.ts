import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { createPython } from '#shared/languages/python'
import { judgeCode } from '../../support/judge-code'
import { memoryProject } from '../../support/memory-project'

/** A library with a source folder, a declared dependency and tests beside it. */
const PROJECT = {
  'pyproject.toml':
    '[project]\nname = "shop"\nrequires-python = ">=3.9"\ndependencies = ["requests>=2", "PyYAML", "my-odd-sdk"]\n[dependency-groups]\ndev = ["pytest"]\n',
  'src/shop/__init__.py': 'from .cart import Cart\n__version__ = "1"\n',
  'src/shop/cart.py':
    'import enum\n\nclass Cart:\n    def add(self, item, *, count=1): ...\n\ndef total(items, tax=0): return 0\n\nTAX = 0.2\n',
  'src/shop/models/__init__.py': 'from .user import *\n',
  'src/shop/models/user.py': 'class User: pass\n_hidden = 1\n',
  'src/shop/lazy.py': 'def __getattr__(name): return 1\n',
  'src/shop/wired.py': 'globals()["made"] = 1\n',
  'tests/helpers.py': 'def make(): ...\n',
}

describe('Python imports that lead somewhere', () => {
  test.each([
    'import os, sys, json',
    'import os.path as p',
    'from collections.abc import Mapping',
    'from xml.etree import ElementTree',
    'import requests',
    'import yaml',
    'import odd_sdk',
    'import pytest',
    'from shop import Cart, cart, __version__',
    'from shop.cart import total, TAX, Cart',
    'from shop.models import User',
    'from shop.models.user import User as U',
    'from shop.lazy import anything',
    'from shop.wired import made',
    'import helpers',
    'from typing import TypedDict, Protocol',
    'from __future__ import annotations',
    'try:\n    import ujson as json\nexcept ImportError:\n    import json',
    'try:\n    import tomllib\nexcept ModuleNotFoundError:\n    import tomli as tomllib',
    'import sys\nif sys.version_info >= (3, 11):\n    import tomllib',
    'import contextlib\nwith contextlib.suppress(ImportError):\n    import nothing_here',
    'from shop._version import version',
    'from shop.api_pb2 import Request',
    'from os import startfile',
    'import winreg, msvcrt',
    'from socket import AF_UNIX',
    'import _thread',
  ])('%j', async text => {
    expect(await judgeCode('imports', 'tests/test_a.py', `${text}\n`, PROJECT)).toEqual([])
  })

  test.each([
    ['src/shop/api.py', 'from .cart import total\nfrom . import models, cart\nfrom .models.user import User\n'],
    ['src/shop/models/order.py', 'from ..cart import Cart\nfrom .. import cart\nfrom .user import User\n'],
    ['src/shop/models/order.py', 'from ...shop import cart\n'],
    ['setup.py', 'from setuptools import setup\nimport shop\n'],
  ])('%s: %j', async (path, text) => {
    expect((await judgeCode('imports', path, text, PROJECT)).filter(each => !each.startsWith('?'))).toEqual([])
  })
})

describe('Python imports that lead nowhere', () => {
  test.each([
    ['import reqeusts', ['unknown-package `reqeusts`; did you mean `requests`?']],
    ['import superfastjsonlib', ['unknown-package `superfastjsonlib`']],
    ['import shopp.cart', ['unknown-package `shopp.cart`; did you mean `shop`?']],
    ['from shop.crat import Cart', ['unknown-module `shop.crat`; did you mean `cart`?']],
    ['from shop.models.order import Order', ['unknown-module `shop.models.order`']],
    ['from shop.cart import totel', ['unknown-name `totel`; did you mean `total`?']],
    ['from shop import Basket', ['unknown-name `Basket`']],
    ['from collections import OrderDict', ['unknown-name `OrderDict`; did you mean `OrderedDict`?']],
    ['from json import dump_string', ['unknown-name `dump_string`']],
    ['import os.paths', ['unknown-module `os.paths`; did you mean `path`?']],
    ['import xml.etree.ElementTre', ['unknown-module `xml.etree.ElementTre`; did you mean `ElementTree`?']],
    ['def f():\n    import not_there_at_all', ['unknown-package `not_there_at_all`']],
    ['import tomllib', ['? too-new `tomllib`']],
    ['import numpy', ['? undeclared-package `numpy`; declare it']],
  ])('%j', async (text, expected) => {
    expect(await judgeCode('imports', 'tests/test_a.py', `${text}\n`, PROJECT)).toEqual(expected)
  })

  test.each([
    ['src/shop/api.py', 'from .crat import Cart\n', ['unknown-module `.crat`; did you mean `cart`?']],
    ['src/shop/api.py', 'from . import crat\n', ['unknown-name `crat`; did you mean `Cart`?']],
    [
      'src/shop/models/a.py',
      'from ..models.usr import User\n',
      ['unknown-module `..models.usr`; did you mean `user`?'],
    ],
    ['src/shop/models/a.py', 'from .user import Usr\n', ['unknown-name `Usr`; did you mean `User`?']],
  ])('%s: %j', async (path, text, expected) => {
    expect(await judgeCode('imports', path, text, PROJECT)).toEqual(expected)
  })
})

describe('where a Python project does not say what it needs, an unknown package only warns', () => {
  test.each([
    ['no manifest', {}],
    ['computed requirements', { 'setup.py': 'from setuptools import setup\nsetup(install_requires=read("x"))\n' }],
    ['conda', { 'environment.yml': 'dependencies:\n  - python=3.11\n  - numpy\n' }],
    ['another file uses it too', { 'requirements.txt': 'requests\n', 'other.py': 'import acme_internal\n' }],
  ])('%s', async (_, project) => {
    const [only] = await judgeCode('imports', 'a.py', 'import acme_internal\n', project)
    expect(only).toMatch(/^\? unknown-package/)
  })

  test('a declared package that is not installed warns', async () => {
    const project = {
      'requirements.txt': 'requests\nflask\n',
      '.venv/lib/python3.12/site-packages/requests/__init__.py': '',
    }
    expect(await judgeCode('imports', 'a.py', 'import requests, flask\n', project)).toEqual(['? not-installed `flask`'])
  })

  test('what a changed search path may bring only warns', async () => {
    const text = 'import sys\nsys.path.insert(0, "../lib")\nimport acme_internal\n'
    const [only] = await judgeCode('imports', 'a.py', text, { 'requirements.txt': 'requests\n' })
    expect(only).toMatch(/^\? unknown-package/)
  })
})

describe('Python calls that may stand', () => {
  test.each([
    'print(len([1]))',
    'def f(a, b=1, *rest, c, d=2, **more): ...\nf(1, c=2)\nf(1, 2, 3, c=4, e=5)',
    'def f(a, /, b): ...\nf(1, b=2)',
    'def f(a): ...\nargs = [1]\nf(*args)\nf(**{})',
    'import functools\n@functools.wraps(print)\ndef f(a): ...\nf(1, 2, 3)',
    'def f(a): ...\nf = print\nf(1, 2)',
    'if x:\n    def f(a): ...\nelse:\n    def f(a, b): ...\nf(1, 2)',
    'from shop.lazy import *\nanything()',
    'exec("def g(): pass")\ng()',
    'for handler in []: handler()',
    'with open("a") as f: f.read()',
    'try:\n    unicode("a")\nexcept NameError:\n    pass',
    'class A:\n    def __init__(self, x): ...\nA(1)',
    'class A(Base):\n    pass\nA(1, 2, 3)',
    'class A:\n    def run(self): self.helper(1)\n    def helper(self, x): ...',
    'class A:\n    def run(self): self.unknown_thing()',
    'class A:\n    def __init__(self): self.cb = print\n    def run(self): self.cb(1, 2)',
    'class M:\n    def run(self):\n        self.frobnicate()\n        self.frobnicat()',
    'class A:\n    def run(self): return self.sub(1, 2)\n    def sub(self): raise NotImplementedError',
    'import pytest\ndef f(a): ...\nwith pytest.raises(TypeError):\n    f()',
    'x = []\nx.append(1)\nx = make()\nx.whatever()\ndef make(): ...',
    'import os\nos.path.join("a")\nos.startfile("a")',
    'import json as j\nj.dumps({})',
    'def f(a, \\\n  b): ...\nf(1, \\\n  2)',
    'from shop.cart import total\ntotal([], tax=1)',
    'import shop.cart\nshop.cart.total([])',
    'lambda g: g(1)',
    'match x:\n    case {"f": f}: f()',
    '"a".format(1).upper()',
    'def f(value: str): value.nope()',
  ])('%j', async text => {
    expect(await judgeCode('calls', 'tests/test_a.py', `${text}\n`, PROJECT)).toEqual([])
  })
})

describe('Python calls that cannot work', () => {
  test.each([
    ['flaten_list([1])', ['unknown-function `flaten_list`']],
    ['def total(): ...\ntotel()', ['unknown-function `totel`; did you mean `total`?']],
    ['prin("a")', ['unknown-function `prin`; did you mean `print`?']],
    ['def f(a, b): ...\nf(1)', ['wrong-arguments `f`; it is `f(a, b)`']],
    ['def f(a): ...\nf(1, 2)', ['wrong-arguments `f`; it is `f(a)`']],
    ['def f(a, *, b): ...\nf(1)', ['wrong-arguments `f`; it is `f(a, b)`']],
    ['def f(a): ...\nf(1, a=2)', ['wrong-arguments `f`; it is `f(a)`']],
    ['def f(a=1): ...\nf(c=2)', ['wrong-arguments `f`; it is `f(a=…)`']],
    ['from shop.cart import total\ntotal()', ['wrong-arguments `total`; it is `total(items, tax=…)`']],
    ['from shop import cart\ncart.total([], 1, 2)', ['wrong-arguments `total`; it is `total(items, tax=…)`']],
    ['from shop import cart\ncart.totel([])', ['unknown-member `totel`; did you mean `total`?']],
    ['import os\nos.path.joinn("a")', ['unknown-member `joinn`; did you mean `join`?']],
    ['import json\njson.dumpz({})', ['unknown-member `dumpz`; did you mean `dump`?']],
    ['",".joim(["a"])', ['unknown-method `joim`; did you mean `join`?']],
    ['items = []\nitems.add(1)', ['unknown-method `add`']],
    ['class A:\n    def __init__(self, x): ...\nA()', ['wrong-arguments `A`; it is `A(x)`']],
    [
      'class A:\n    def run(self): self.helpr()\n    def helper(self): ...',
      ['unknown-method `helpr`; did you mean `helper`?'],
    ],
    [
      'class A:\n    def run(self): self.helper()\n    def helper(self, x): print(x)',
      ['wrong-arguments `helper`; it is `helper(x)`'],
    ],
    ['class Box:\n    def open(self): ...\nbox = Box()\nbox.opne()', ['unknown-method `opne`; did you mean `open`?']],
  ])('%j', async (text, expected) => {
    expect(await judgeCode('calls', 'tests/test_a.py', `${text}\n`, PROJECT)).toEqual(expected)
  })
})

describe('what the index is told of Python', () => {
  const { code } = createPython(readAsset)

  test('imports are scanned with the names that may be modules', () => {
    const text = 'import os, a.b as c\nfrom . import d\nfrom ..e import (f,\n  g as h)  # why\nfrom i import *\n'
    expect(code?.scanImports({ path: 'x.py', text })).toEqual(['os', 'a.b', '.d', '..e', '..e.f', '..e.g', 'i'])
  })

  test('an import leads to the file of its module', async () => {
    const project = memoryProject(PROJECT)
    expect(await code?.resolveToFiles('.user', 'src/shop/models/order.py', project)).toEqual([
      'src/shop/models/user.py',
    ])
    expect(await code?.resolveToFiles('shop.cart', 'tests/test_a.py', project)).toEqual(['src/shop/cart.py'])
    expect(await code?.resolveToFiles('os', 'tests/test_a.py', project)).toEqual([])
  })

  test('a body may change without changing what users rely on; a parameter may not', async () => {
    const shapeOf = async (text: string) => {
      const facts = await code?.factsOf({ path: 'a.py', text })
      return facts?.kind === 'facts' ? facts.declarations.find(each => each.name === 'f')?.shape : undefined
    }
    const before = await shapeOf('def f(a, b=1):\n    return a\n')
    expect(before).toBe('def f(a, b=1)')
    expect(await shapeOf('def f(a,\n      b=1):  # better\n    return b\n')).toBe(before)
    expect(await shapeOf('def f(a, b):\n    return a\n')).not.toBe(before)
  })
})
