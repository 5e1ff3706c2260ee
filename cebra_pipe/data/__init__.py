"""Recordings: reading files, tables on disk, epochs, parts, controls."""
