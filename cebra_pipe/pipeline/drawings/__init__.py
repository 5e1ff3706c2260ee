"""One module a figure: what it shows, from a job's files, and how. A change in one redraws that figure alone."""
