"""Figures of this product beside those of the bare parts, measured in the same run on the same machine.

`./samverkan bench` (`python -m tests.bench`) prints a table; nothing here asserts a time.
"""
