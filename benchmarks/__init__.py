"""Benchmarks: each prints ratios from one interleaved run, never absolute times to hold against another machine."""
