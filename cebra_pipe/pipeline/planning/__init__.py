"""From a resolved study to jobs: names and paths, inputs, specs, resources."""
