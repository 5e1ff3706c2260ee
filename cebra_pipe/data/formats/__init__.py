"""Readers, one family of file formats a module; each gives the arrays of a file without executing anything in it."""
