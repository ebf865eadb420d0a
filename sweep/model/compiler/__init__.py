# SPDX-License-Identifier: MIT
"""From plain Python functions to machine code: what device code may say, its compiler, and the cache of kernels.

Device code is a subset of Python that means the same as plain Python, as long as no int64 overflows:

* Numbers: int64 (`int`, `np.int64`), uint64 (`np.uint64`) and bool.  A variable has one type, that of its first value,
  and must have a value on every way to its use.  int64 and uint64 do not mix, except by `np.int64(x)` and
  `np.uint64(x)`; a bool is 0 or 1 beside an int64, and is stored as that, but two bools are not added.
* Arithmetic: + - * // % << >> & | ^ ~, comparisons (chained, too), `and`, `or`, `not`, `in` a tuple, `x if c else y`,
  min, max, abs, int, bool, `bit_length`.  int64 wraps in two's complement; // and % round down, and by zero are 0; a
  shift by 64 or more, or by a negative number, moves every bit out.
* Arrays of int64, uint64 or records of these, of any number of dimensions, and named tuples of arrays, nested as well:
  `sim.state[lane].now_ps`, `sim.rx[lane, slot].bytes`, `array.shape[1]`.  An index is not checked and counts from the
  start.  A record may have a name (`st = sim.state[lane]`), and `records[i] = 0` clears it.
* Statements: assignments, augmented ones and those of tuples to tuples, `if`, `while`, `for name in range(...)`,
  `break`, `continue`, `return`, `pass`, and calls of other device functions.
* Functions have plain parameters, given by position.  Those of numbers are annotated `int`, `bool` or `np.uint64`; any
  other annotation is a whole array or a named tuple of arrays.  A result is annotated with one of the three, a tuple of
  them, or None.  No recursion.
* Names of a module: integers, tuples of them, NumPy arrays of int64 of one dimension, device functions, `np`.

All else is a `KernelError` with file, line and column.  No two arrays of one call may share memory.
"""
