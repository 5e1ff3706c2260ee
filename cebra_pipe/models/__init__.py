"""Architectures as rows of a table, and criteria."""
