"""Decoders, nulls, maps between embeddings."""
