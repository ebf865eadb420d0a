# SPDX-License-Identifier: MIT
"""Formulas of queueing theory, with the page of a textbook or the paper that they are from."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np


def poisson(mean: float, count: int) -> list[float]:
    """P(N = 0), ..., P(N = count - 1)."""
    return [math.exp(-mean) * mean**n / math.factorial(n) for n in range(count)]


def mm1k_loss(load: float, places: int) -> float:
    """M/M/1/K: (1 - r) r^K / (1 - r^(K+1)); [kleinrock-1975] section 3.6."""
    return (1 - load) * load**places / (1 - load ** (places + 1))


def md1k_loss(load: float, places: int) -> float:
    """M/D/1/K by the chain embedded at departures: 1 - 1 / (p_0 + load); Cooper, Introduction to Queueing Theory, 5.9.

    A departure leaves 0 to K - 1 behind; with n >= 1 left, the next one leaves n - 1 + (arrivals in a service), with
    none left it leaves the arrivals in a service, and what does not fit is lost.
    """
    arrivals = poisson(load, places)
    step = np.zeros((places, places))
    for left in range(places):
        first = max(left - 1, 0)
        step[left, first:] = arrivals[: places - first]
        step[left, -1] += 1 - step[left].sum()
    equations = np.vstack([step.T - np.eye(places), np.ones(places)])
    stationary = np.linalg.lstsq(equations, np.array([0.0] * places + [1.0]), rcond=None)[0]
    return float(1 - 1 / (stationary[0] + load))


def erlang_loss(load: float) -> float:
    """M/G/1/1: a / (1 + a), whatever the distribution of the service; [erlang-1917], [sevastyanov-1957]."""
    return load / (1 + load)


def uniform_until(low: float, high: float, limit: float) -> float:
    """E[min(S, limit)], S uniform on low..high, low <= limit <= high."""
    return limit - (limit - low) ** 2 / (2 * (high - low))


def pareto_until(scale: float, alpha: float, limit: float) -> float:
    """E[min(S, limit)], P(S > x) = (scale / x)^alpha, scale <= limit."""
    return scale + scale / (alpha - 1) * (1 - (scale / limit) ** (alpha - 1))


def lognormal_until(median: float, p99: float, limit: float) -> float:
    """E[min(S, limit)], ln S normal with this median and 99th percentile."""
    normal = NormalDist()
    sigma = math.log(p99 / median) / normal.inv_cdf(0.99)
    z = math.log(limit / median) / sigma
    return median * math.exp(sigma**2 / 2) * normal.cdf(z - sigma) + limit * (1 - normal.cdf(z))
