"""Fits of these tests are scored on few references."""

from ..exams import small_exams

__all__ = ["small_exams"]
