"""One job: its spec, files and provenance, and the code that it stands for."""
