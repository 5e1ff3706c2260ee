"""Rows of the tables of a study."""
