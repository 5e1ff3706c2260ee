"""The training loop, its evaluation and the model file."""
