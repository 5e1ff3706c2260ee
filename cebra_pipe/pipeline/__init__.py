"""From a config to jobs, and the stages that run them."""
